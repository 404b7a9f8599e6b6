"""Which setting is just accurate enough? The largest dt or error tolerance within a criterion."""
