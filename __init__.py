"""What a spiking-neuron model costs at the accuracy that you need.

>>> import spikecost as sc
>>> sc.count("izhikevich", "euler").flops_per_step("izhikevich2004", dt=1*ms)  # doctest: +SKIP
13.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accuracy.features import FEATURES
    from .accuracy.measures.spike_trains import SpikeTimeError, SpikeTrain, spike_time_error
    from .accuracy.references.reference import Reference, reference
    from .accuracy.search.criterion import Criterion
    from .accuracy.study.suite import QUICK, STANDARD, Suite
    from .flops import CONVENTIONS, Convention, Count, count
    from .harness.simulate import simulate
    from .harness.stimuli import (
        STIMULI,
        Stimulus,
        Train,
        arrivals_from_brian2,
        as_it_stands,
        chirp,
        constant,
        ornstein_uhlenbeck,
        piecewise_constant,
        piecewise_random,
        poisson_conductance,
        poisson_train,
        ramp,
        recorded_train,
        regular_train,
        sine,
        step,
        stimulus_from_brian2,
    )
    from .models.catalogue import MODELS
    from .models.definition.conductance import with_conductance
    from .models.definition.neuron import NeuronModel
    from .models.definition.synapses import with_synapses
    from .models.detection import DETECTIONS
    from .models.ground.errors import UserError
    from .models.methods import METHODS
    from .models.number_formats import NUMBER_FORMATS
    from .models.reading.by_name import get_model
    from .models.reading.from_brian2 import Brian2Settings, from_brian2, settings_from_brian2
    from .models.step import Step, make_step
    from .reports.atlas.lookup import atlas
    from .reports.comparison.comparison import Comparison, compare
    from .reports.comparison.recommendation.recommend import Recommendation, recommend
    from .reports.comparison.run_folder import RunFolder
    from .reports.figures.features_figure import features_against_cost
    from .reports.tables.demos import demo_table
    from .reports.tables.features import features

# loaded when first used: a name alone should not cost the import of pandas, matplotlib and heyoka
_HOMES = {
    ".accuracy.references.reference": ("Reference", "reference"),
    ".accuracy.measures.spike_trains": ("SpikeTimeError", "SpikeTrain", "spike_time_error"),
    ".accuracy.search.criterion": ("Criterion",),
    ".accuracy.study.suite": ("QUICK", "STANDARD", "Suite"),
    ".flops": ("CONVENTIONS", "Convention", "Count", "count"),
    ".harness.simulate": ("simulate",),
    ".harness.stimuli": (
        "STIMULI",
        "Stimulus",
        "Train",
        "arrivals_from_brian2",
        "as_it_stands",
        "chirp",
        "constant",
        "ornstein_uhlenbeck",
        "piecewise_constant",
        "piecewise_random",
        "poisson_conductance",
        "poisson_train",
        "ramp",
        "recorded_train",
        "regular_train",
        "sine",
        "step",
        "stimulus_from_brian2",
    ),
    ".models.catalogue": ("MODELS",),
    ".models.reading.by_name": ("get_model",),
    ".models.definition.conductance": ("with_conductance",),
    ".models.detection": ("DETECTIONS",),
    ".models.ground.errors": ("UserError",),
    ".models.reading.from_brian2": ("Brian2Settings", "from_brian2", "settings_from_brian2"),
    ".models.methods": ("METHODS",),
    ".models.number_formats": ("NUMBER_FORMATS",),
    ".models.definition.neuron": ("NeuronModel",),
    ".models.definition.synapses": ("with_synapses",),
    ".models.step": ("Step", "make_step"),
    ".accuracy.features": ("FEATURES",),
    ".reports.atlas.lookup": ("atlas",),
    ".reports.comparison.comparison": ("Comparison", "compare"),
    ".reports.tables.demos": ("demo_table",),
    ".reports.tables.features": ("features",),
    ".reports.figures.features_figure": ("features_against_cost",),
    ".reports.comparison.recommendation.recommend": ("Recommendation", "recommend"),
    ".reports.comparison.run_folder": ("RunFolder",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order of the folders
    "MODELS",
    "METHODS",
    "DETECTIONS",
    "NUMBER_FORMATS",
    "NeuronModel",
    "Step",
    "UserError",
    "get_model",
    "make_step",
    "from_brian2",
    "settings_from_brian2",
    "stimulus_from_brian2",
    "arrivals_from_brian2",
    "Brian2Settings",
    "CONVENTIONS",
    "Convention",
    "Count",
    "count",
    "STIMULI",
    "Stimulus",
    "as_it_stands",
    "constant",
    "piecewise_constant",
    "piecewise_random",
    "step",
    "ramp",
    "sine",
    "chirp",
    "ornstein_uhlenbeck",
    "poisson_conductance",
    "Train",
    "poisson_train",
    "regular_train",
    "recorded_train",
    "simulate",
    "with_conductance",
    "with_synapses",
    "Reference",
    "reference",
    "SpikeTrain",
    "SpikeTimeError",
    "spike_time_error",
    "Criterion",
    "QUICK",
    "STANDARD",
    "Suite",
    "Comparison",
    "RunFolder",
    "compare",
    "Recommendation",
    "recommend",
    "atlas",
    "FEATURES",
    "features",
    "demo_table",
    "features_against_cost",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'spikecost' has no attribute '{name}'")
    return getattr(import_module(_HOME[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
