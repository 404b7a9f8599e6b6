"""The format of suite files as a JSON schema, for editors and other programs.

``python -m spikecost.reports.results.suite_schema`` prints it; ``docs/suite.schema.json`` is its output.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: A number above 0 and its unit, as in ``0.1ms``.
_TIME = {"type": "string", "pattern": r"^\s*\+?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*\*?\s*[A-Za-z]+\s*$"}
_NAMES = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_NUMBERS = {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "uniqueItems": True}
_TIMES = {"type": "array", "items": _TIME, "uniqueItems": True}
_COUNT = {"type": "integer", "minimum": 1}
_SWITCH = {"type": "boolean"}

#: By field: its type and its meaning.
FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "models": (
        _NAMES,
        "such as lif, izhikevich:CH, my_model.py:model or model.toml; paths are relative to the suite file",
    ),
    "methods": (_NAMES, "integration methods; spikecost methods lists them"),
    "detections": (_NAMES, "how a spike is found within a step: grid, linear, hermite, dense"),
    "stimuli": (_NAMES, "kinds of stimuli, such as constant or ornstein_uhlenbeck"),
    "rates": (_NUMBERS, "firing rates in Hz"),
    "rates_of": (
        {"type": "object", "additionalProperties": {**_NUMBERS, "minItems": 1}},
        "rates of single kinds of stimuli, which replace rates for these, such as { constant = [100] }",
    ),
    "rheobases": (_NUMBERS, "drives as multiples of each model's rheobase, in addition to the rates"),
    "horizons": (_TIMES, "simulated times to compare, such as 1second"),
    "trials": (_COUNT, "stimuli of each kind"),
    "tolerances": (_TIMES, "largest spike-time errors allowed, such as 0.1ms"),
    "criteria": (_NAMES, "other measures and their tolerances, such as gamma_2ms=0.05"),
    "measures": (_NAMES, "measures to take at every dt, in addition to those of the criteria"),
    "coarsest": (_TIME, "largest time step of the sweep"),
    "finest": (_TIME, "smallest time step of the sweep; longer for horizons of more than 1 s"),
    "finest_varying": (_TIME, "the same for inputs that vary in time and models with random inputs"),
    "per_decade": (_COUNT, "time steps of the sweep per decade"),
    "repeats": (_COUNT, "timed runs of each case"),
    "time_lanes": (_SWITCH, "whether neurons in SIMD lanes are timed, too"),
    "witnessed": (_SWITCH, "whether spikes are recorded, kernels timed, and operations counted on the processor"),
    "conventions": (_NAMES, "conventions that get a column in the table"),
    "thorough": (_SWITCH, "whether to count what Brian2 executes, and what compiler options for speed change"),
    "features": (_SWITCH, "whether to look for the twenty features of Izhikevich 2004"),
    "precisions": (_NAMES, "number formats of the kernels, such as double and single; double is always run"),
    "engines": (_NAMES, "other simulators that are run, too, such as nest or neuron:crank_nicolson"),
    "seed": ({"type": "integer", "minimum": 0}, "first seed of the stimuli and of the models' noise"),
}
#: A convention of the user's own.
_CONVENTION = {
    "type": "object",
    "properties": {
        "counts": {"enum": ["as run", "as written"], "description": "which operations are weighted"},
        "unit": {"type": "string", "description": "unit of the weights, such as pJ"},
        "source": {"type": "string", "description": "where the weights come from"},
        "weights": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0},
            "description": "weight of each kind of operation",
        },
    },
    "required": ["counts", "unit", "source", "weights"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema, draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of spikecost: what is run",
        "type": "object",
        "properties": {
            **{name: {**kind, "description": meaning} for name, (kind, meaning) in FIELDS.items()},
            "convention": {
                "type": "object",
                "additionalProperties": _CONVENTION,
                "description": "conventions of your own, by name",
            },
        },
        "additionalProperties": False,
    }


def schema_text() -> str:
    """Return the schema as the content of a file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
