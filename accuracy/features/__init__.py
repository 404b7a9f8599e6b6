"""Which of the twenty features of Izhikevich 2004 does a model show? One feature per file, in the order of figure 1.

Importing a feature here registers it.
"""

# isort: off
from . import (
    tonic_spiking,
    phasic_spiking,
    tonic_bursting,
    phasic_bursting,
    mixed_mode,
    spike_frequency_adaptation,
    class_1,
    class_2,
    spike_latency,
    subthreshold_oscillations,
    resonator,
    integrator,
    rebound_spike,
    rebound_burst,
    threshold_variability,
    bistability,
    depolarizing_after_potential,
    accommodation,
    inhibition_induced_spiking,
    inhibition_induced_bursting,
)

# isort: on
from ...models.ground.registry import import_all
from .protocols.base import FEATURES, Feature, Verdict
from .protocols.recorded import Recording

#: A file that is added to this folder needs no line here, unless its place in tables matters.
import_all(__name__, __path__)

__all__ = [  # noqa: RUF022 - as above
    "FEATURES",
    "Feature",
    "Recording",
    "Verdict",
    "tonic_spiking",
    "phasic_spiking",
    "tonic_bursting",
    "phasic_bursting",
    "mixed_mode",
    "spike_frequency_adaptation",
    "class_1",
    "class_2",
    "spike_latency",
    "subthreshold_oscillations",
    "resonator",
    "integrator",
    "rebound_spike",
    "rebound_burst",
    "threshold_variability",
    "bistability",
    "depolarizing_after_potential",
    "accommodation",
    "inhibition_induced_spiking",
    "inhibition_induced_bursting",
]
