"""Which models come with spikecost? One file per model."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from ..definition.neuron import NeuronModel
from ..ground.registry import Registry

MODELS: Registry[NeuronModel] = Registry("model", "spikecost.models")

#: Models, in the order of tables, and the file in this folder that defines each, under the model's name in capitals. A
#: file is only imported when its model is asked for: to read the equations of all models takes half a second. A file
#: that is not listed defines the model of the same name, which comes after these.
_FILES = {
    # the models of Izhikevich 2004, in the order of its table
    "lif": "lif",
    "adaptive_lif": "adaptive_lif",
    "ifb": "ifb",
    "resonate_and_fire": "resonate_and_fire",
    "qif": "qif",
    "izhikevich": "izhikevich",
    "izhikevich_mv": "izhikevich",
    "fitzhugh_nagumo": "fitzhugh_nagumo",
    "hindmarsh_rose": "hindmarsh_rose",
    "morris_lecar": "morris_lecar",
    "wilson": "wilson",
    "hodgkin_huxley": "hodgkin_huxley",
    "hodgkin_huxley_tables": "hodgkin_huxley_tables",
    # later models
    "exponential_if": "exponential_if",
    "adex": "adex",
    "izhikevich2007": "izhikevich2007",
    "izhikevich2007_fs": "izhikevich2007_interneurons",
    "izhikevich2007_lts": "izhikevich2007_interneurons",
    "mihalas_niebur": "mihalas_niebur",
    "traub_miles": "traub_miles",
    "wang_buzsaki": "wang_buzsaki",
    "connor_stevens": "connor_stevens",
    "pospischil_rs": "pospischil",
    "pospischil_fs": "pospischil",
    "pospischil_ib": "pospischil",
    "pospischil_lts": "pospischil",
}


def _model(name: str, file: str) -> NeuronModel:
    model: NeuronModel = getattr(import_module(f"{__name__}.{file}"), name.upper())
    return model


_others = sorted({module.name for module in iter_modules(__path__)} - set(_FILES.values()))
for _name, _file in (_FILES | {name: name for name in _others}).items():
    MODELS.register_later(_name, partial(_model, _name, _file))
#: The models that come with spikecost; `MODELS` may also have those of other packages.
OWN = (*_FILES, *_others)


def with_presets() -> Iterator[NeuronModel]:
    """Return every model that comes with spikecost, with its own parameters and then with each other preset."""
    for model in map(MODELS.__getitem__, OWN):
        yield from presets_of(model)


def presets_of(model: NeuronModel) -> Iterator[NeuronModel]:
    """Return a model with its own parameters and then with each other preset."""
    yield model
    for preset in model.presets:
        if preset != model.preset:
            yield model.with_preset(preset)
