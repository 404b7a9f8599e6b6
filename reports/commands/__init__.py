"""What does the command line show without a comparison? Models, methods, counts, features, and this machine."""
