"""What kinds of method are there? Fixed steps and blocks, and the forms, events, arrivals and noise that they share."""
