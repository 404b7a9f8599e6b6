"""Which operations did the program execute? Counters that look at every instruction of the compiled code."""
