"""Which model, method and dt? The atlas: every model of the catalogue judged once, to look up without a run."""
