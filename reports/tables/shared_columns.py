"""Columns that tables of a run share, and what they are."""

#: A way to run a model.
WAY = {
    "model": "model and preset",
    "method": "integration method",
    "detection": "how the crossing is located",
}
#: What a model runs under.
REGIME = {
    "stimulus": "kind of stimulus",
    "horizon_ms": "model time that is compared",
    "level": "firing rate asked for, or drive as a multiple of the rheobase",
}
#: What is accurate enough.
CRITERION = {
    "measure": "how errors are measured; maximum: the largest spike-time error, no spike missing or extra",
    "tolerance": "how far the measure may be from perfect",
}
#: What rows have in common that are compared with each other.
SITUATION = REGIME | CRITERION
#: What tells a case from all others.
CASE = WAY | SITUATION
