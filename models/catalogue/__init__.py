"""Which models come with spikecost? One file per model; `get_model` finds them by name."""

from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from ..definition.neuron import NeuronModel
from ..ground.errors import UserError
from ..ground.named_files import is_file
from ..ground.registry import Registry
from ..reading.files import model_from_file

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


def get_model(
    model: str | NeuronModel,
    input: str | None = None,  # noqa: A002 - as NeuronModel's
    synapses: str | None = None,
) -> NeuronModel:
    """Return a model given as an object, by name, by name and preset (``izhikevich:CH``), or by its file.

    Files are ``path.py:name`` and ``path.toml``; see `files`. For a Brian2 group in a file, `input` is the parameter
    or constant that the stimulus drives, and `synapses` says what becomes of synapses; see `from_brian2`.

    Raises
    ------
    UserError
        If there is no such model or preset, or the model has another input.
    """
    if isinstance(model, str) and is_file(model):
        return model_from_file(model, input, synapses)
    if isinstance(model, NeuronModel) and input in (None, model.input) and synapses is None:
        return model
    for option, given in (("input", input), ("synapses", synapses)):
        if given is not None:
            raise UserError(
                f"{model}: {option} = '{given}' can only be given for a Brian2 group in a file, as model.py:name"
            )
    if not isinstance(model, str):
        raise UserError(f"expected a model's name or a NeuronModel, got {model!r}")
    name, _, preset = model.partition(":")
    if name not in MODELS and any(mark in name for mark in "./\\"):
        raise UserError(
            f"unknown model '{model}': give a model's file as model.py:name or model.toml, "
            "a model of the catalogue by its name"
        )
    return MODELS[name].with_preset(preset) if preset else MODELS[name]
