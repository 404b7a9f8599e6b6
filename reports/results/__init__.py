"""What is known of a run? Its suite, models and provenance as data, who is cheapest, and the form of all that."""
