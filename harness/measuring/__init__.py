"""What does a kernel really do? Operations that the processor executes, and time that passes."""
