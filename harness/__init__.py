"""How is it run? Stimuli, kernels, engines, the sweep over dt."""
