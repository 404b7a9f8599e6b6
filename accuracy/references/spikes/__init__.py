"""What do spikes change in a reference solution? Resets, refractoriness, and spikes that arrive."""
