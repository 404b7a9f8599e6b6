"""What does a Brian2 group itself say? Its equations, names, values and method, as texts of a model."""
