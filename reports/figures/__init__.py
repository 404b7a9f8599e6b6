"""What does a study look like? Work and precision, the winners, the features of models, and one model's portrait."""
