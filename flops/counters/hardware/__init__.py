"""How many operations did the processor count? Counters that read its performance-monitoring unit."""
