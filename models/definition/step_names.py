"""Names that a time step uses for itself, and a model's own names where they are the same.

A model may use any name that Brian2 allows. Where one of its names is also a name of the time step, the blocks of the
step write it with an underscore at its end.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .language.names import LONGEST_NAME
from .neuron import NeuronModel

#: Names that the time step uses for itself.
OWN = {"step", "done", "elapsed", "rest", "left", "left_next", "waiting", "ends", "above", "was_below"}
#: Suffixes of the input's name: its values within a step and within the rest of a step.
INPUT_ENDINGS = ("_mid", "_end", "_first", "_half", "_last")
#: Suffixes of a state variable's name: its new values in a time step.
STATE_ENDINGS = ("_next", "_reset", "_held", "_at")
#: Names of state variables that are the same as those of another variable's sums and tests in a series.
_OF_SERIES = re.compile(r"(small|half|part)_.*|.*_sum|arg[0-9]+")


@lru_cache(4096)
def for_blocks(model: NeuronModel) -> NeuronModel:
    """Return the model with the names that the blocks of a step use; the model itself if all its names can be used."""
    system = model.system
    tests = [f"above_{i + 1}" for i in range(len(system.threshold.comparisons))]
    taken = OWN | {*tests, *(f"was_{name}" for name in ("above", *tests))}
    taken |= {f"{name}{ending}" for name in system.state for ending in STATE_ENDINGS}
    if model.input:
        taken |= {f"{model.input}{ending}" for ending in (*INPUT_ENDINGS, "_rest", "_mid_rest")}
    clashing = [name for name in system.dimensions if name in taken]
    clashing += [name for name in system.state if name not in taken and _OF_SERIES.fullmatch(name)]
    if not clashing:
        return model
    texts = [model.equations, model.published, model.threshold, model.reset, *model.arrivals.values()]
    texts += [value for value in (model.refractory, *model.initial.values()) if isinstance(value, str)]
    used = taken | {*system.dimensions, *model.constants, *re.findall(r"\w+", " ".join(texts))}
    renamed: dict[str, str] = {}
    for name in clashing:
        new = f"{name[: LONGEST_NAME - 9]}_"
        while new in used or new in renamed.values():
            new += "_"
        renamed[name] = new

    def written(text: str) -> str:
        def word(found: re.Match[str]) -> str:
            slope = found["name"] if found["over"] is not None else ""
            if slope[1:] in renamed and slope.startswith("d"):
                return f"d{renamed[slope[1:]]}{found['over']}"
            return f"{renamed.get(found['name'], found['name'])}{found['over'] or ''}"

        return re.sub(r"\b(?P<name>[A-Za-z]\w*)(?P<over>\s*/\s*dt\b)?", word, text)

    return model.replace(
        equations=written(model.equations),
        published=written(model.published),
        threshold=written(model.threshold),
        reset=written(model.reset),
        arrivals={name: written(text) for name, text in model.arrivals.items()},
        refractory=written(model.refractory) if isinstance(model.refractory, str) else model.refractory,
        parameters={renamed.get(name, name): value for name, value in model.parameters.items()},
        initial={
            renamed.get(name, name): written(value) if isinstance(value, str) else value
            for name, value in model.initial.items()
        },
        input=renamed.get(model.input, model.input),
        presets={},
    )
