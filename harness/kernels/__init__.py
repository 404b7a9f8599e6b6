"""How does a step become a program? C source, compiled kernels and their runs."""
