"""What does everything stand on? Errors, registries, the cache, and programs and signals: nothing about neurons."""
