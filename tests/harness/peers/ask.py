"""Another simulator, in a separate process: it may print, and set signal handlers and threads."""

import json
import os
import subprocess
import sys
from pathlib import Path


def ask(program, question):
    """Run a program of this folder: it reads `question` as JSON and prints its answer as one last line of JSON."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name(program)],
        input=json.dumps(question),
        text=True,
        capture_output=True,
        env={**os.environ, "PYNEST_QUIET": "1", "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
