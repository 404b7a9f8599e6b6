"""What acts on a neuron of a Brian2 group? Its input, operations at regular times, and synapses."""
