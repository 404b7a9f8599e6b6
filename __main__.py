"""The console script, and ``python -m spikecost``.

What goes wrong before the command line is loaded ends with 2: Python's own 1 would say that a check's figures
regressed.
"""

from __future__ import annotations

import sys
import traceback


def main() -> int:
    """Run the command line; return the exit status, 2 if it cannot be loaded."""
    try:
        from .cli import main as run  # noqa: PLC0415 - to say what is missing
    except ImportError as error:
        print(
            f"spikecost: cannot be loaded: {' '.join(str(error).split())}; install it again, with what it depends on",
            file=sys.stderr,
        )
        return 2
    except Exception:
        traceback.print_exc()
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
