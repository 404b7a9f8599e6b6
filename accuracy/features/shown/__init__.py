"""Which features does a model show? By a search, and in the twenty demos of Izhikevich 2004."""
