"""What a spiking-neuron model costs at the accuracy that you need."""
