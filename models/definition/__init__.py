"""What is a neuron model? Equations, threshold, reset, refractoriness and parameters, written once."""
