"""Which setting is just accurate enough? The largest dt, or error tolerance, that keeps within a criterion."""
