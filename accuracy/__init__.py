"""How accurate is it? References, spike-train measures, and the largest dt at which all stimuli keep a tolerance."""
