"""What is on this machine? Counters and compilers that work, what is kept on disk, and a project's configuration."""
