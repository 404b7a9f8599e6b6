"""What is a later run compared with? Quantities with their limits, the baseline, and the history."""
