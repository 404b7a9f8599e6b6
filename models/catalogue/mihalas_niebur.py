"""Mihalas and Niebur's generalized leaky integrate-and-fire model: linear, with a threshold that moves.

The reset moves four variables: v and the two spike currents, and the threshold, which is lifted to its own reset value
if it is lower (the larger of the two, written as a condition). Everything is divided by the capacitance, as in the
paper's table: currents are in V/s, G is a rate.
"""

from brian2 import mV, second, volt

from ..neuron import NeuronModel

# a (1/s), A1, A2 (V/s) and the input (V/s) of the patterns of the paper's table 1 whose input is constant
_TABLE = {
    "tonic": (0, 0, 0, 1.5),
    "adapting": (5, 0, 0, 2),
    "phasic": (5, 0, 0, 1.5),
    "hyperpolarization_spiking": (30, 0, 0, -1),
    "hyperpolarization_bursting": (30, 10, -0.6, -1),
    "tonic_bursting": (5, 10, -0.6, 2),
    "phasic_bursting": (5, 10, -0.6, 1.5),
    "mixed_mode": (5, 5, -0.3, 2),
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
