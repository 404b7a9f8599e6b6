"""Mihalas and Niebur's generalized leaky integrate-and-fire model: linear, with a threshold that moves.

Checked against Detorakis's replication in ReScience/ReScience-submission (article/detorakis-2017.md, which repeats the
paper's table 1, and code/neuron_model.py). The tests compare all twenty patterns of the paper's figure 1, including
pulses, with that program spike by spike; the times of its pulses were read from the figure.

The reset changes four variables: v, the two spike currents, and the threshold, which is raised to its own reset value
if it is lower (the larger of the two, written as a condition). Everything is divided by the capacitance, as in the
paper's table: currents are in V/s, G is a rate.
"""

from brian2 import mV, second, volt

from ..definition.neuron import NeuronModel

# a (1/s), A1, A2 and the input (V/s) of the paper's table 1. The last three presets have pulses as input; we chose
# theirs. The others give nine more patterns under the pulses of the tests: rebound_spike is phasic, rebound_burst is
# phasic_bursting, afterpotentials is mixed_mode, and so on.
_TABLE = {
    "tonic": (0, 0, 0, 1.5),
    "adapting": (5, 0, 0, 2),
    "phasic": (5, 0, 0, 1.5),
    "hyperpolarization_spiking": (30, 0, 0, -1),
    "hyperpolarization_bursting": (30, 10, -0.6, -1),
    "tonic_bursting": (5, 10, -0.6, 2),
    "phasic_bursting": (5, 10, -0.6, 1.5),
    "mixed_mode": (5, 5, -0.3, 2),
    "basal_bistability": (0, 8, -0.1, 1.5),
    "preferred_frequency": (5, -3, 0.5, 1.5),
    "spike_latency": (-80, 0, 0, 1),
}
_PRESETS = {
    name: {"a": a / second, "A1": A1 * volt / second, "A2": A2 * volt / second, "I": current * volt / second}
    for name, (a, A1, A2, current) in _TABLE.items()
}

MIHALAS_NIEBUR = NeuronModel(
    name="mihalas_niebur",
    description="Mihalas-Niebur 2009, generalized leaky integrate-and-fire: linear, the threshold moves",
    source="Mihalas and Niebur 2009, Neural Computation 21:704, equations 2.1 and 2.2, table 1",
    equations="""
        dv/dt = I + I1 + I2 - G*(v - EL) : volt (unless refractory)
        dtheta/dt = a*(v - EL) - b*(theta - theta_inf) : volt (unless refractory)
        dI1/dt = -k1*I1 : volt/second
        dI2/dt = -k2*I2 : volt/second
        a : 1/second
        A1 : volt/second
        A2 : volt/second
        I : volt/second
    """,
    threshold="v >= theta",
    reset="I1 = R1*I1 + A1; I2 = R2*I2 + A2; v = vr; theta = theta + int(theta < theta_r)*(theta_r - theta)",
    parameters={name: value for name, value in _PRESETS["tonic"].items() if name != "I"},
    presets=_PRESETS,
    preset="tonic",
    constants={
        "G": 50 / second,
        "b": 10 / second,
        "k1": 200 / second,
        "k2": 20 / second,
        "R1": 0,
        "R2": 1,
        "EL": -70 * mV,
        "vr": -70 * mV,
        "theta_r": -60 * mV,
        "theta_inf": -50 * mV,
    },
    initial={"v": -70 * mV, "theta": -50 * mV, "I1": 0 * volt / second, "I2": 0 * volt / second},
    drive=_PRESETS["tonic"]["I"],
)
