"""What does a study look like? Work and precision, the winners, what models can do, and one model's portrait."""
