"""What is known of a run? Its suite, models and provenance as data, the cheapest model, and the form of the data."""
