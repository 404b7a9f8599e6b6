"""The regression check: figures of a run against a baseline, limits, the verdict, and the history of figures."""
