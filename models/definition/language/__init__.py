"""What does a text of equations mean? Brian2's language with units, read and checked by spikecost's grammar."""
