"""How does a model move between spikes? Its equations in smooth parts, each solved by Taylor series of high order."""
