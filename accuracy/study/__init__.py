"""What does each model cost at equal accuracy? The suite, its runs, and which model is cheapest."""
