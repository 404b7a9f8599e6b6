"""Which model is cheapest? Run the comparison, write what people read, compare two runs, get a recommendation."""
