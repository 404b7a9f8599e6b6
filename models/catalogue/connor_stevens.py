"""Connor, Walter and McKown's crustacean walking-leg axon. Its A current lets it fire slowly.

Checked against channel/connorstevens.py of HussainAther/neuroscience and RTXI/connor-stevens, based on Dayan and
Abbott: rates, conductances, reversal potentials. They have EL = -70 mV; public programs of the paper of 1977 have
-17 mV, as here. The difference is a current of 0.3 x 53 uA/cm2; the tests find the rheobases that both state. We chose
the drive.
"""

from brian2 import cm, msiemens, mV, uA, ufarad

from ..definition.neuron import NeuronModel

_CURRENTS = """
    dv/dt = (I - gL*(v - EL) - gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK) - gA*a**3*b*(v - EA))/C : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    da/dt = (a_inf - a)/tau_a : 1
    db/dt = (b_inf - b)/tau_b : 1
    beta_m = 15.2*exp(-0.0556/mV*(v + 54.7*mV))/ms : Hz
    alpha_h = 0.266*exp(-0.05/mV*(v + 48*mV))/ms : Hz
    beta_h = 3.8/(1 + exp(-0.1/mV*(v + 18*mV)))/ms : Hz
    beta_n = 0.25*exp(-0.0125/mV*(v + 55.7*mV))/ms : Hz
    a_inf = (0.0761*exp(0.0314/mV*(v + 94.22*mV))/(1 + exp(0.0346/mV*(v + 1.17*mV))))**(1/3) : 1
    tau_a = 0.3632*ms + 1.158*ms/(1 + exp(0.0497/mV*(v + 55.96*mV))) : second
    b_inf = (1/(1 + exp(0.0688/mV*(v + 53.3*mV))))**4 : 1
    tau_b = 1.24*ms + 2.678*ms/(1 + exp(0.0624/mV*(v + 50*mV))) : second
    I : amp/meter**2
"""

CONNOR_STEVENS = NeuronModel(
    name="connor_stevens",
    description="Connor-Stevens 1977, with an A current: fires at any low rate",
    source="Connor, Walter and McKown 1977, Biophys. J. 18:81, in the form and with the numbers of Dayan and Abbott "
    "2001, Theoretical Neuroscience, chapter 6",
    equations=_CURRENTS
    + """
    alpha_m = 3.8/exprel(-0.1/mV*(v + 29.7*mV))/ms : Hz
    alpha_n = 0.2/exprel(-0.1/mV*(v + 45.7*mV))/ms : Hz
    """,
    published=_CURRENTS
    + """
    alpha_m = 0.38/mV*(v + 29.7*mV)/(1 - exp(-0.1/mV*(v + 29.7*mV)))/ms : Hz
    alpha_n = 0.02/mV*(v + 45.7*mV)/(1 - exp(-0.1/mV*(v + 45.7*mV)))/ms : Hz
    """,
    threshold="v > 0*mV",
    refractory="v > 0*mV",
    constants={
        "C": 1 * ufarad / cm**2,
        "gNa": 120 * msiemens / cm**2,
        "gK": 20 * msiemens / cm**2,
        "gA": 47.7 * msiemens / cm**2,
        "gL": 0.3 * msiemens / cm**2,
        "ENa": 55 * mV,
        "EK": -72 * mV,
        "EA": -75 * mV,
        "EL": -17 * mV,
    },
    initial={
        "v": -68 * mV,
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
        "a": "a_inf",
        "b": "b_inf",
    },
    drive=15 * uA / cm**2,
)
