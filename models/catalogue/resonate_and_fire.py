"""Resonate-and-fire.

Checked against bpmodels/neurons/ResonateandFire_model.py of Gracewx/BrainPy-Models, based on the paper: b = -1,
omega = 10, threshold 1, reset x = 0 and y = 1. We chose the unit of time and the drive; no published count was found.
"""

from brian2 import Hz, ms

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# z = u + i v: u (the paper's x) is like a current, v (its y) like a voltage. The paper has no unit of time; here it is
# 100 ms (b = -1, omega = 10), so the neuron resonates at 16 Hz. At the paper's reset z = i, which is on the threshold,
# v falls.
RESONATE_AND_FIRE = NeuronModel(
    name="resonate_and_fire",
    description="Resonate-and-fire, z' = I + (b + i omega) z with z = u + i v",
    source="Izhikevich 2001, Neural Networks 14:883, equation 1, b = -1, omega = 10; "
    "Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        du/dt = I + b*u - omega*v : 1
        dv/dt = omega*u + b*v : 1
        b : Hz
        omega : Hz
        I : Hz
    """,
    threshold="v > 1",
    reset="u = 0; v = 1",
    parameters={"b": -10 * Hz, "omega": 100 * Hz},
    initial={"u": 0, "v": 0},
    drive=0.11 / ms,
    published_costs={"izhikevich2004": PublishedCost(10, 1 * ms)},
)
