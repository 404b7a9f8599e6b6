"""Which kinds of stimulus can a study ask for by name? One kind per file, which registers it."""
