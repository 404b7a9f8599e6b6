"""Other simulators that run the same models."""
