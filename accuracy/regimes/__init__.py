"""Under which inputs are models compared? Drives at which all of them fire at the same rate."""
