"""The models that come with spikecost, each in a file of its own."""

from ..errors import UserError
from ..neuron import NeuronModel
from ..registry import Registry
from .adex import ADEX
from .connor_stevens import CONNOR_STEVENS
from .exponential_if import EXPONENTIAL_IF
from .hodgkin_huxley import HODGKIN_HUXLEY
from .hodgkin_huxley_tables import HODGKIN_HUXLEY_TABLES
from .izhikevich import IZHIKEVICH, IZHIKEVICH_MV
from .izhikevich2007 import IZHIKEVICH2007
from .lif import LIF
from .pospischil import POSPISCHIL_FS, POSPISCHIL_IB, POSPISCHIL_LTS, POSPISCHIL_RS
from .traub_miles import TRAUB_MILES
from .wang_buzsaki import WANG_BUZSAKI

MODELS: Registry[NeuronModel] = Registry("model", "spikecost.models")

for _model in (LIF, IZHIKEVICH, IZHIKEVICH_MV, HODGKIN_HUXLEY, HODGKIN_HUXLEY_TABLES, EXPONENTIAL_IF, ADEX, IZHIKEVICH2007,
               TRAUB_MILES, WANG_BUZSAKI, CONNOR_STEVENS, POSPISCHIL_RS, POSPISCHIL_FS, POSPISCHIL_IB, POSPISCHIL_LTS):
    MODELS.register(_model)


def get_model(model: str | NeuronModel) -> NeuronModel:
    """Return a model given by itself, by name, or by name and preset (``izhikevich:CH``).

    Raises
    ------
    UserError
        If there is no such model or preset.
    """
    if isinstance(model, NeuronModel):
        return model
    if not isinstance(model, str):
        raise UserError(f"expected a model's name or a NeuronModel, got {model!r}")
    name, _, preset = model.partition(":")
    return MODELS[name].with_preset(preset) if preset else MODELS[name]
