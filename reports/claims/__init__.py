"""Which published claims about costs hold at equal accuracy? Each claim is tested by an experiment."""
