"""Did anything get worse? Quantities of a run against a baseline, limits, and the verdict."""
