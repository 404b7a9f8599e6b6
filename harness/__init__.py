"""How is a model run? Stimuli, kernels, measurements, engines."""
