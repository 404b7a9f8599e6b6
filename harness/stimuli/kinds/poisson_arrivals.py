"""A thousand frozen Poisson trains that arrive at conductance synapses."""

from __future__ import annotations

from typing import Any

from brian2 import Hz, ms

from ....models.definition.language import units
from ....models.definition.neuron import NeuronModel
from ....models.definition.synapses import with_synapses
from ....models.ground.errors import UserError
from ..base import Stimulus
from ..kind import STIMULI, Kind
from ..trains import poisson_train

#: Number of excitatory and inhibitory inputs, and the rate of each.
INPUTS, RATE = {"exc": 800, "inh": 200}, 10 * Hz
#: Reversal potentials in mV, and time constants.
REVERSALS, TAUS = {"exc": 0.0, "inh": -80.0}, {"exc": 5 * ms, "inh": 10 * ms}
#: The stimulus is cut into this many pieces; the voltage is compared at their ends.
PIECES = 8


class PoissonArrivals(Kind):
    """800 excitatory and 200 inhibitory Poisson inputs at 10 Hz each, on conductances with one weight.

    The conductances decay with 5 and 10 ms; their reversal potentials are 0 and -80 (in mV, or in the unit of the
    voltage). The weight is such that the mean current at the initial voltage is the drive.
    """

    name = "poisson_arrivals"
    seeded = True

    def form(self, drive: Any, duration: Any, seed: int) -> Stimulus:
        """Return no current, and arrivals with the weight `drive`."""
        length = units.in_ms(duration, "duration") / PIECES
        none = units.quantity(0.0, units.dimension_of(drive))
        trains = {
            name: poisson_train(RATE, duration, inputs=count, seed=2 * seed + i).with_values(f"w_{name}", drive)
            for i, (name, count) in enumerate(INPUTS.items())
        }
        return Stimulus([length] * PIECES, [0.0] * PIECES, units.dimension_of(none), seed).with_arrivals(**trains)

    def around(self, drive: float, model: NeuronModel, horizon: float, seed: int = 0) -> Stimulus:
        """Return arrivals for `driven(model)` that are equivalent to the drive of `model`; see `Kind.around`.

        Raises
        ------
        UserError
            If the synapses do not excite the model at its initial voltage.
        """
        voltage = model.initial_values[model.system.threshold.variable]
        # the mean current per weight
        gain = sum(count * float(RATE * TAUS[name]) * (REVERSALS[name] - voltage) for name, count in INPUTS.items())
        if gain <= 0:
            raise UserError(
                f"it starts at {voltage:g}, where the synapses of {self.name} do not excite it; use "
                "with_synapses and poisson_train",
                about=model.label,
            )
        driven = self.driven(model)
        weight = units.quantity(drive / gain, driven.system.dimensions["w_exc"])
        found = self.form(weight, horizon * ms, seed)
        return Stimulus(found.durations, found.shapes, driven.input_dimension, seed, found.arrivals)

    def driven(self, model: NeuronModel) -> NeuronModel:
        """Return the model with excitatory and inhibitory conductances."""
        dimension = model.system.dimensions[model.system.threshold.variable]
        return with_synapses(
            model, **{name: (units.quantity(REVERSALS[name], dimension), TAUS[name]) for name in INPUTS}
        )


STIMULI.register(PoissonArrivals())
