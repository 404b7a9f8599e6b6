"""What is a neuron? Definitions, the catalogue, integration methods, and the time step that they make."""
