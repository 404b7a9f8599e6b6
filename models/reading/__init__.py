"""How does a model of your own get in? From a Brian2 group, a Python file or a TOML file."""
