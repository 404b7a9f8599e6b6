"""What does the command line show in addition to comparisons? Models, methods, counts, features, and this machine."""
