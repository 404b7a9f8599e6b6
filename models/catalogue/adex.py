"""The adaptive exponential integrate-and-fire model.

Checked against Brian2's examples Brette_Gerstner_2005 and Naud_et_al_2008_adex_firing_patterns: every number and drive.
The second example says that its numbers were adapted to match the paper's figure. Its patterns are tested; no
published count was found.

The exponential makes v diverge in finite time. A spike is where v crosses `Vcut`, here VT + 5 DeltaT as in Brian2's
example of the paper of 2005. From there v needs C/gL exp(-5), 0.06 ms with the parameters of 2005, to reach infinity.
A higher cutoff (Brian2's example of Naud et al. 2008 takes 0 mV) delays every spike by up to this time, but then a
step of fixed length must resolve an upstroke that ends within 1e-10 ms. `Vcut` is a parameter.
"""

from brian2 import ms, mV, nS, pA, pF

from ..definition.neuron import NeuronModel

# of 2005: the paper's table, with the reset to EL; the current is from Brian2's example
_REGULAR = {
    "C": 281 * pF,
    "gL": 30 * nS,
    "EL": -70.6 * mV,
    "VT": -50.4 * mV,
    "DeltaT": 2 * mV,
    "a": 4 * nS,
    "tauw": 144 * ms,
    "b": 80.5 * pA,
    "Vr": -70.6 * mV,
    "Vcut": -40.4 * mV,
    "I": 1000 * pA,
}
# of 2008: C (pF), gL (nS), EL (mV), a (nS), tauw (ms), b (pA), Vr (mV), I (pA); VT = -50 mV and DeltaT = 2 mV in all
_NAUD = {
    "tonic": (200, 10, -70, 2, 30, 0, -58, 500),
    "adapting": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial_burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "delayed_bursting": (100, 10, -65, -10, 90, 30, -47, 110),
    "transient": (100, 10, -65, 10, 90, 100, -47, 180),
    "irregular": (100, 12, -60, -11, 130, 30, -48, 160),
}
_PRESETS = {"RS": _REGULAR} | {
    name: {
        "C": C * pF,
        "gL": gL * nS,
        "EL": EL * mV,
        "VT": -50 * mV,
        "DeltaT": 2 * mV,
        "a": a * nS,
        "tauw": tauw * ms,
        "b": b * pA,
        "Vr": Vr * mV,
        "Vcut": -40 * mV,
        "I": current * pA,
    }
    for name, (C, gL, EL, a, tauw, b, Vr, current) in _NAUD.items()
}

ADEX = NeuronModel(
    name="adex",
    description="Adaptive exponential integrate-and-fire (AdEx)",
    source="Brette and Gerstner 2005, J. Neurophysiol. 94:3637 (preset RS); Naud et al. 2008, "
    "Biol. Cybern. 99:335, the patterns of figure 4 with the parameters of Brian2's example of that paper",
    equations="""
        dv/dt = (-gL*(v - EL) + gL*DeltaT*exp((v - VT)/DeltaT) - w + I)/C : volt (unless refractory)
        dw/dt = (a*(v - EL) - w)/tauw : amp
        C : farad
        gL : siemens
        EL : volt
        VT : volt
        DeltaT : volt
        a : siemens
        tauw : second
        b : amp
        Vr : volt
        Vcut : volt
        I : amp
    """,
    threshold="v > Vcut",
    reset="v = Vr; w += b",
    parameters={name: value for name, value in _REGULAR.items() if name != "I"},
    presets=_PRESETS,
    preset="RS",
    initial={"v": "EL", "w": 0 * pA},
    drive=_REGULAR["I"],
)
