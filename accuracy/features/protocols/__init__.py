"""How is a feature tested? The common parts of features: base class, stimuli, and recordings."""
