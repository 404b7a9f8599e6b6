"""Which parts does a definition have? Threshold, refractoriness, arrivals, random inputs, tables, published costs."""
