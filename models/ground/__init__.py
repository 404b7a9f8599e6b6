"""What do all other parts need? Errors, registries, the cache, programs and signals; nothing about neurons."""
