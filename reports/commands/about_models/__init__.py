"""What does spikecost know about models? Their equations, methods, costs per step and published costs."""
