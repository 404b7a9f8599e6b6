"""Can the polynomials of a solution be trusted? Every step is inspected over ranges, not at points."""
