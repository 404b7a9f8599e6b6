"""Models with noise in their equations."""

from brian2 import ms, mV

from spikecost.models.definition.neuron import NeuronModel

#: Two sources of noise, both kinds of random numbers, and refractoriness during which one variable still moves.
MIXED = NeuronModel(
    name="mixed_noise",
    equations="""dv/dt = (v0 - v + k*g)/tau + sigma*sqrt(2/tau)*xi_1 + eta*randn()/ms + I : volt (unless refractory)
                 dg/dt = (0.5 - g)/(5*ms) + 0.3*xi_2/sqrt(10*ms) + 0.1*(rand() - 0.5)/ms : 1
                 I : volt/second
                 k : volt""",
    threshold="v > -50*mV",
    reset="v = -60*mV; g += 0.1",
    refractory=2 * ms,
    constants={"v0": -55 * mV, "tau": 10 * ms, "sigma": 3 * mV, "eta": 2 * mV},
    parameters={"k": 5 * mV},
    initial={"v": -60 * mV, "g": 0},
)
#: Leaky integrate-and-fire with white noise; sigma is the standard deviation without a threshold.
NOISY_LIF = NeuronModel(
    name="noisy_lif",
    equations="""dv/dt = (v0 - v)/tau + sigma*sqrt(2/tau)*xi + I : volt (unless refractory)
                 I : volt/second
                 sigma : volt""",
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory=2 * ms,
    constants={"v0": -55 * mV, "tau": 10 * ms},
    parameters={"sigma": 3 * mV},
    initial={"v": -60 * mV},
)
#: The noise drives a current with a correlation time of 5 ms, so that the voltage is smooth.
COLORED = NOISY_LIF.replace(
    name="colored_lif",
    equations="""dv/dt = (v0 - v)/tau + J + I : volt (unless refractory)
                 dJ/dt = -J/(5*ms) + s*xi/ms : volt/second
                 I : volt/second
                 s : volt*second**-0.5""",
    parameters={"s": 0.3 * mV / ms**0.5},
    initial={"v": -60 * mV, "J": 0 * mV / ms},
)
#: A neuron as users write it: a random number per step of 0.1 ms, and synapses that a spike resets.
THREAD = NeuronModel(
    name="noise_and_synapses",
    equations="""dv/dt = (El - v + i_syn + drive + noise*randn())/tau : volt (unless refractory)
                 i_syn = g_exc*(Ee - v) + g_inh*(Ei - v) : volt
                 dg_exc/dt = -g_exc/tau_e : 1
                 dg_inh/dt = -g_inh/tau_i : 1
                 noise : volt
                 drive : volt""",
    threshold="v > -50*mV",
    reset="v = -60*mV; g_exc = 0.1; g_inh = 0.05",
    refractory=2 * ms,
    constants={"El": -70 * mV, "Ee": 0 * mV, "Ei": -80 * mV, "tau": 20 * ms, "tau_e": 5 * ms, "tau_i": 10 * ms},
    parameters={"noise": 40 * mV},
    initial={"v": -70 * mV, "g_exc": 0, "g_inh": 0},
    input="drive",
)
#: The factor of the noise depends on the state: geometric Brownian motion, with a threshold that it does not reach.
GEOMETRIC = NeuronModel(
    name="geometric",
    equations="dx/dt = mu*x + sigma*x*xi : 1",
    threshold="x > 1e9",
    reset="x = 1",
    constants={"mu": 0.05 / ms, "sigma": 0.2 / ms**0.5},
    initial={"x": 1},
    input="",
)
