"""The models that come with spikecost, each in a file of its own."""

from ..errors import UserError
from ..files import is_file, model_from_file
from ..neuron import NeuronModel
from ..registry import Registry
from .hodgkin_huxley import HODGKIN_HUXLEY
from .hodgkin_huxley_tables import HODGKIN_HUXLEY_TABLES
from .izhikevich import IZHIKEVICH, IZHIKEVICH_MV
from .lif import LIF

MODELS: Registry[NeuronModel] = Registry("model", "spikecost.models")

for _model in (LIF, IZHIKEVICH, IZHIKEVICH_MV, HODGKIN_HUXLEY, HODGKIN_HUXLEY_TABLES):
    MODELS.register(_model)


def get_model(model: str | NeuronModel) -> NeuronModel:
    """Return a model given by itself, by name, by name and preset (``izhikevich:CH``), or by its file.

    Files are ``path.py:name`` and ``path.toml``; see `files`.

    Raises
    ------
    UserError
        If there is no such model or preset.
    """
    if isinstance(model, NeuronModel):
        return model
    if not isinstance(model, str):
        raise UserError(f"expected a model's name or a NeuronModel, got {model!r}")
    if is_file(model):
        return model_from_file(model)
    name, _, preset = model.partition(":")
    return MODELS[name].with_preset(preset) if preset else MODELS[name]
