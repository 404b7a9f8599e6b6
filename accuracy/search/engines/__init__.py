"""How far other simulators are off, which time step they need, and what that costs."""
