"""Which parts does a stimulus have? Shapes of pieces, trains of spikes, frozen noise, and what users give."""
