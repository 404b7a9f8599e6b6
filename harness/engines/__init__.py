"""How do other simulators run the same models? Brian2 as an engine, and the operations that it executes."""
