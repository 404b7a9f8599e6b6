"""Programs that run a simulator in a process of its own; see `child.py`. They are run as files, not imported."""
