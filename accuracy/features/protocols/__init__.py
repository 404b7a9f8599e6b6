"""How is a feature asked for? What features share: their base class, stimuli, and what is recorded."""
