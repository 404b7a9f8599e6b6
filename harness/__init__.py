"""How is a model run? Stimuli, kernels, engines, the sweep over dt."""
