"""The exponential integrate-and-fire model.

Checked against ExpIF in brainpy/dyn/neurons/lif.py of brainpy/BrainPy, based on the paper: EL, VT, DeltaT, Vr, C/gL and
the refractory time; not checked against the paper itself. The tests compare the rate with the rate of the model that
the paper fits: within 4 % from 0.3 to 5 uA/cm2. We chose the drive; no published count was found.

As in `adex`, a spike is where v crosses VT + 5 DeltaT: from there v would diverge within C/gL exp(-5) = 0.07 ms.
"""

from brian2 import cm, ms, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel

EXPONENTIAL_IF = NeuronModel(
    name="exponential_if",
    description="Exponential integrate-and-fire (EIF), fitted to the model of Wang and Buzsaki",
    source="Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel 2003, J. Neurosci. 23:11628, fitted to Wang and Buzsaki "
    "1996",
    equations="""
        dv/dt = (-gL*(v - EL) + gL*DeltaT*exp((v - VT)/DeltaT) + I)/C : volt (unless refractory)
        I : amp/meter**2
    """,
    threshold="v > Vcut",
    reset="v = Vr",
    refractory=1.7 * ms,
    constants={
        "C": 1 * ufarad / cm**2,
        "gL": 0.1 * msiemens / cm**2,
        "EL": -65 * mV,
        "VT": -59.9 * mV,
        "DeltaT": 3.48 * mV,
        "Vr": -68 * mV,
        "Vcut": -42.5 * mV,
    },
    initial={"v": -65 * mV},
    drive=1 * uA / cm**2,
)
