"""The console script, and ``python -m spikecost``.

What goes wrong before the command line is loaded ends with 2: Python's own 1 would say that a check's figures
regressed.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback

#: With less memory allowed, in bytes, OpenBLAS, which numpy and scipy load, asks for more without end.
LEAST_MEMORY = 400 << 20


def main() -> int:
    """Run the command line; return the exit status, 2 if it cannot be loaded."""
    if sys.platform == "win32":
        print("spikecost: needs Linux; on Windows, install it in WSL (Windows Subsystem for Linux)", file=sys.stderr)
        return 2
    import resource  # noqa: PLC0415 - Windows has none

    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= allowed < LEAST_MEMORY:
        print(
            f"spikecost: {allowed >> 20} MB of memory are allowed (ulimit -v), too little to begin; allow 2 GB",
            file=sys.stderr,
        )
        return 2
    try:
        from .models.ground.garbage import RARELY  # noqa: PLC0415 - to say what is missing

        gc.set_threshold(RARELY)  # nearly all that a command imports lasts until its end
        from .cli import main as run  # noqa: PLC0415
    except (ImportError, MemoryError) as error:
        from .models.ground.errors import MORE_MEMORY, is_without_memory  # noqa: PLC0415 - as above

        if is_without_memory(error):
            print(f"spikecost: {MORE_MEMORY}", file=sys.stderr, flush=True)
            os._exit(2)
        print(
            f"spikecost: cannot be loaded: {' '.join(str(error).split())}; install it again, with what it depends on",
            file=sys.stderr,
        )
        return 2
    except Exception:
        traceback.print_exc()
        return 2
    return run(at_once=os._exit)


if __name__ == "__main__":
    sys.exit(main())
