"""Which models come with spikecost? One file per model; `get_model` finds them by name."""

from ..definition.neuron import NeuronModel
from ..ground.errors import UserError
from ..ground.registry import Registry
from ..reading.files import is_file, model_from_file
from .adaptive_lif import ADAPTIVE_LIF
from .adex import ADEX
from .connor_stevens import CONNOR_STEVENS
from .exponential_if import EXPONENTIAL_IF
from .fitzhugh_nagumo import FITZHUGH_NAGUMO
from .hindmarsh_rose import HINDMARSH_ROSE
from .hodgkin_huxley import HODGKIN_HUXLEY
from .hodgkin_huxley_tables import HODGKIN_HUXLEY_TABLES
from .ifb import IFB
from .izhikevich import IZHIKEVICH, IZHIKEVICH_MV
from .izhikevich2007 import IZHIKEVICH2007
from .izhikevich2007_interneurons import IZHIKEVICH2007_FS, IZHIKEVICH2007_LTS
from .lif import LIF
from .mihalas_niebur import MIHALAS_NIEBUR
from .morris_lecar import MORRIS_LECAR
from .pospischil import POSPISCHIL_FS, POSPISCHIL_IB, POSPISCHIL_LTS, POSPISCHIL_RS
from .qif import QIF
from .resonate_and_fire import RESONATE_AND_FIRE
from .traub_miles import TRAUB_MILES
from .wang_buzsaki import WANG_BUZSAKI
from .wilson import WILSON

MODELS: Registry[NeuronModel] = Registry("model", "spikecost.models")

for _model in (
    # the models of Izhikevich 2004, in the order of its table
    LIF,
    ADAPTIVE_LIF,
    IFB,
    RESONATE_AND_FIRE,
    QIF,
    IZHIKEVICH,
    IZHIKEVICH_MV,
    FITZHUGH_NAGUMO,
    HINDMARSH_ROSE,
    MORRIS_LECAR,
    WILSON,
    HODGKIN_HUXLEY,
    HODGKIN_HUXLEY_TABLES,
    # later models
    EXPONENTIAL_IF,
    ADEX,
    IZHIKEVICH2007,
    IZHIKEVICH2007_FS,
    IZHIKEVICH2007_LTS,
    MIHALAS_NIEBUR,
    TRAUB_MILES,
    WANG_BUZSAKI,
    CONNOR_STEVENS,
    POSPISCHIL_RS,
    POSPISCHIL_FS,
    POSPISCHIL_IB,
    POSPISCHIL_LTS,
):
    MODELS.register(_model)


def get_model(model: str | NeuronModel, input: str | None = None) -> NeuronModel:  # noqa: A002 - as NeuronModel's
    """Return a model given as an object, by name, by name and preset (``izhikevich:CH``), or by its file.

    Files are ``path.py:name`` and ``path.toml``; see `files`. For a Brian2 group in a file, `input` is the parameter
    or constant that the stimulus drives (default ``I``).

    Raises
    ------
    UserError
        If there is no such model or preset, or the model has another input.
    """
    if isinstance(model, str) and is_file(model):
        return model_from_file(model, input)
    if isinstance(model, NeuronModel) and input in (None, model.input):
        return model
    if input is not None:
        raise UserError(f"{model}: input = '{input}' can only be given for a Brian2 group in a file, as model.py:name")
    if not isinstance(model, str):
        raise UserError(f"expected a model's name or a NeuronModel, got {model!r}")
    name, _, preset = model.partition(":")
    if name not in MODELS and any(mark in name for mark in "./\\"):
        raise UserError(
            f"unknown model '{model}': give a model's file as model.py:name or model.toml, "
            "a model of the catalogue by its name"
        )
    return MODELS[name].with_preset(preset) if preset else MODELS[name]
