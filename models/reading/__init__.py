"""How can users give their own model? As a Brian2 group, a Python file or a TOML file."""
