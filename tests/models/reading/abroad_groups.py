"""Groups as Brian2's users write them, one of each kind, and the table of what becomes of them.

The texts are our own; the kinds are those of the spiking groups in Brian2's published examples. Each function makes a
group as a script does. It returns the group, the names around it, what is asked of `from_brian2` in addition, and
objects that the script keeps (synapses, monitors).

``python tests/models/reading/abroad_groups.py`` runs each group for 200 ms in Brian2 and here, and writes the first
part of ``docs/groups.md``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any
from unittest import mock

import brian2
import numpy as np
from brian2 import (
    Hz,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    mmolar,
    ms,
    mV,
    nA,
    nS,
    pA,
    pF,
    second,
    uA,
    uF,
)

import spikecost as sc
from spikecost.harness.kernels.kernel import compile_kernels
from spikecost.harness.stimuli import meant_dt
from spikecost.harness.stimuli.random_inputs import RandomInputs
from spikecost.models.definition.language import units
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.ground.errors import UserError
from spikecost.models.step import make_step

DURATION = 200 * ms
DOCUMENT = Path(__file__).parents[3] / "docs" / "groups.md"


@dataclass
class Abroad:
    """A group, and what is around it."""

    group: Any
    names: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    asked: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[Any, ...] = ()
    timed: bool = False
    """Whether TimedArrays drive it."""


#: What each group stands for, by the name of its function.
GROUPS: dict[str, tuple[str, Callable[[], Abroad]]] = {}
LEFT_OUT = {"synapses": "leave_out"}


def abroad(stands_for: str) -> Callable[[Callable[[], Abroad]], Callable[[], Abroad]]:
    """Add a function to the groups."""

    def add(make: Callable[[], Abroad]) -> Callable[[], Abroad]:
        GROUPS[make.__name__] = stands_for, make
        return make

    return add


# --- leaky integrators -----------------------------------------------------------------------------------------------


@abroad("a leaky integrator with a refractory time and a current per neuron")
def leaky_currents() -> Abroad:
    names = {"tau_m": 12 * ms, "E_rest": -68 * mV, "R_in": 80 * brian2.Mohm}
    text = "dv/dt = (E_rest - v + R_in*I)/tau_m : volt (unless refractory)\nI : amp"
    group = NeuronGroup(20, text, threshold="v > -52*mV", reset="v = E_rest", refractory=3 * ms, method="exact")
    group.v, group.I = -68 * mV, "0.15*nA + i*0.02*nA"
    return Abroad(group, names, 14)


@abroad("an f-I curve over a voltage `v_inf` that is a parameter; there is no `I`")
def curve_over_a_voltage() -> Abroad:
    group = NeuronGroup(
        300,
        "dv/dt = (v_inf - v)/T : volt (unless refractory)\nv_inf : volt",
        threshold="v > 9*mV",
        reset="v = 0*mV",
        refractory=4 * ms,
        method="exact",
    )
    group.v_inf = "i*25*mV/(N - 1)"
    return Abroad(group, {"T": 11 * ms}, 200)


@abroad("a pure number that approaches a constant of the script")
def towards_a_constant() -> Abroad:
    group = NeuronGroup(1, "dx/dt = (top - x)/tau : 1", threshold="x > 0.75", reset="x = 0", method="exact")
    return Abroad(group, {"top": 1.2, "tau": 9 * ms})


@abroad("numbers in the text and nothing to drive: it runs as it stands")
def nothing_to_drive() -> Abroad:
    group = NeuronGroup(2, "dx/dt = (3 - x)/T : 1", threshold="x > 2", reset="x = 0.5", method="exact")
    return Abroad(group, {"T": 15 * ms})


@abroad("parameters and a subexpression in the reset, and names such as `v_reset` and `v_next`")
def reset_to_parameters() -> Abroad:
    text = """
    dv/dt = (I - v)/tau : volt
    I : volt
    v_reset : volt
    v_next : volt
    after = v_reset + 0.5*v_next : volt
    """
    group = NeuronGroup(3, text, threshold="v > 14*mV", reset="v = after", method="exact")
    group.I, group.v_reset, group.v_next = 22 * mV, [1, 2, 3] * mV, 2 * mV
    return Abroad(group, {"tau": 10 * ms}, 1)


@abroad("a threshold that jumps at each spike and decays")
def jumping_threshold() -> Abroad:
    text = "dv/dt = (I - v)/(9*ms) : volt\ndlevel/dt = (11*mV - level)/(20*ms) : volt\nI : volt"
    group = NeuronGroup(1, text, threshold="v > level", reset="v = 1*mV; level += 4*mV", method="exact")
    group.level, group.I = 11 * mV, 23 * mV
    return Abroad(group)


@abroad("powers that cancel, so that Brian2 solves the equation as a linear one")
def cancelling_powers() -> Abroad:
    tau = 12 * ms
    eqs = """
    dv/dt = (drive - v*v/v + w**2 - w*w)/tau : 1
    dw/dt = (v - w*(w/w))/(3*tau) : 1
    drive : 1
    """
    cells = NeuronGroup(2, eqs, threshold="v > 1", reset="v = 0.1; w += 0.1", method="exact")
    cells.v, cells.w, cells.drive = 0.1, 0.3, 1.4
    return Abroad(cells, {"tau": tau})


@abroad("a second variable with its own jump: adaptation by a conductance")
def adapting_conductance() -> Abroad:
    text = """
    dv/dt = (El - v + R*(I - g*(v - Ek)))/tau : volt (unless refractory)
    dg/dt = -g/(80*ms) : siemens
    I : amp
    """
    names = {"El": -70 * mV, "Ek": -85 * mV, "R": 100 * brian2.Mohm, "tau": 15 * ms}
    group = NeuronGroup(1, text, threshold="v > -54*mV", reset="v = El; g += 0.8*nS", refractory=2 * ms, method="rk2")
    group.v, group.I = -70 * mV, 0.4 * nA
    return Abroad(group, names)


@abroad("a drive that decays, set once: `method` is not given")
def decaying_drive() -> Abroad:
    text = "dv/dt = (drive - v)/(8*ms) : 1\ndrive_0 : 1\ndk/dt = -k/(90*ms) : 1\ndrive = drive_0*k : 1"
    group = NeuronGroup(5, text, threshold="v > 1", reset="v = 0", method=("exact", "euler"))
    group.k, group.drive_0 = 1, "1.5 + i"
    return Abroad(group, {}, 4)


# --- refractoriness, thresholds --------------------------------------------------------------------------------------


@abroad("a refractory time as a parameter of each neuron")
def own_refractory_times() -> Abroad:
    text = "dv/dt = (I - v)/tau : 1 (unless refractory)\nI : 1\npause : second (constant)"
    group = NeuronGroup(6, text, threshold="v > 1", reset="v = 0", refractory="pause", method="exact")
    group.I, group.pause = 2, "(1 + i)*ms"
    return Abroad(group, {"tau": 10 * ms}, 3)


@abroad("a refractory time that grows with each spike")
def growing_refractory_time() -> Abroad:
    text = "dv/dt = (I - v)/tau : 1 (unless refractory)\nI : 1\ndpause/dt = (2*ms - pause)/(100*ms) : second"
    group = NeuronGroup(1, text, threshold="v > 1", reset="v = 0; pause += 3*ms", refractory="pause", method="euler")
    group.I, group.pause = 2, 2 * ms
    return Abroad(group, {"tau": 10 * ms})


@abroad("a threshold with `and`")
def threshold_with_and() -> Abroad:
    text = "dv/dt = (I - v)/tau : 1\ndu/dt = (v - u)/(4*tau) : 1\nI : 1"
    group = NeuronGroup(1, text, threshold="v > 1 and u < 0.9", reset="v = 0; u += 0.1", method="euler")
    group.I = 2
    return Abroad(group, {"tau": 10 * ms})


@abroad("a threshold with the level on the left")
def level_on_the_left() -> Abroad:
    group = NeuronGroup(
        1, "dv/dt = (I - v)/tau : volt\nI : volt", threshold="8*mV < v", reset="v = 0*mV", method="exact"
    )
    group.I = 12 * mV
    return Abroad(group, {"tau": 10 * ms})


@abroad("adaptation by the time since the last spike, `t - lastspike`")
def time_since_the_last_spike() -> Abroad:
    text = "dv/dt = (I - v)/tau : 1 (unless refractory)\nI : 1"
    group = NeuronGroup(
        1, text, threshold="v > 1 + exp(-(t - lastspike)/(20*ms))", reset="v = 0", refractory=2 * ms, method="euler"
    )
    group.I = 3
    return Abroad(group, {"tau": 10 * ms})


@abroad("a smooth threshold that follows the voltage, with `log(1 + exp(...))`")
def following_threshold() -> Abroad:
    text = """
    dv/dt = (I - v)/(10*ms) : volt
    dtheta/dt = (theta_inf - theta)/(6*ms) : volt
    theta_inf = 10*mV + 2*mV*log(1 + exp((v - 8*mV)/(3*mV))) : volt
    I : volt
    """
    group = NeuronGroup(1, text, threshold="v > theta", reset="v = 0*mV", method="euler")
    group.I, group.theta = 25 * mV, 10 * mV
    return Abroad(group)


@abroad("events in addition to the spike, and a Boolean parameter that only they read")
def more_events() -> Abroad:
    text = "dv/dt = (I - v)/(12*ms) : 1\nI : 1\nopen_now : boolean"
    group = NeuronGroup(
        1,
        text,
        threshold="v > 1",
        reset="v = 0; open_now = True",
        method="exact",
        events={"halfway": "v > 0.5 and open_now"},
    )
    group.run_on_event("halfway", "open_now = False")
    group.I, group.open_now = 1.6, True
    return Abroad(group)


# --- ion channels ----------------------------------------------------------------------------------------------------

SQUID_LIKE = """
dm/dt = am*(1 - m) - bm*m : 1
dh/dt = ah*(1 - h) - bh*h : 1
dn/dt = an*(1 - n) - bn*n : 1
am = 1.28/exprel((13*mV - v + V0)/(4*mV))/ms : Hz
bm = 1.4/exprel((v - V0 - 40*mV)/(5*mV))/ms : Hz
ah = 0.128*exp((17*mV - v + V0)/(18*mV))/ms : Hz
bh = 4/(1 + exp((40*mV - v + V0)/(5*mV)))/ms : Hz
an = 0.16/exprel((15*mV - v + V0)/(5*mV))/ms : Hz
bn = 0.5*exp((10*mV - v + V0)/(40*mV))/ms : Hz
"""
CHANNELS = {
    "V0": -62 * mV,
    "EL": -66 * mV,
    "EK": -92 * mV,
    "ENa": 48 * mV,
    "C": 180 * pF,
    "gL": 9 * nS,
    "gNa": 18_000 * nS,
    "gK": 5500 * nS,
}
CURRENTS = "gL*(EL - v) + gNa*m**3*h*(ENa - v) + gK*n**4*(EK - v)"


@abroad("ion channels with gates, and a spike that is a crossing")
def channels_with_a_current() -> Abroad:
    text = f"dv/dt = ({CURRENTS} + I)/C : volt\nI : amp{SQUID_LIKE}"
    group = NeuronGroup(10, text, threshold="v > -35*mV", refractory="v > -35*mV", method="exponential_euler")
    group.v, group.I = -66 * mV, "i*0.06*nA"
    return Abroad(group, CHANNELS, 8)


@abroad("ion channels and synaptic conductances; synapses end at it, and only the resting voltage can be driven")
def channels_in_a_network() -> Abroad:
    text = f"dv/dt = ({CURRENTS} + ge*(0*mV - v) + gi*(-80*mV - v))/C : volt{SQUID_LIKE}"
    text += "dge/dt = -ge/(5*ms) : siemens\ndgi/dt = -gi/(10*ms) : siemens"
    group = NeuronGroup(8, text, threshold="v > -20*mV", refractory=3 * ms, method="exponential_euler")
    group.v, group.ge, group.gi = -66 * mV, "60*nS - i*nS", 20 * nS
    excitatory = Synapses(group[:6], group, on_pre="ge += 6*nS")
    inhibitory = Synapses(group[6:], group, on_pre="gi += 60*nS")
    excitatory.connect()
    inhibitory.connect()
    return Abroad(group, CHANNELS, 0, LEFT_OUT, (excitatory, inhibitory, StateMonitor(group, "v", record=[1])))


@abroad("a gate without inertia, and only constants")
def instantaneous_gate() -> Abroad:
    text = """
    dv/dt = (gna*minf**3*h*(52*mV - v) + gk*n**4*(-88*mV - v) + gl*(-64*mV - v) + Iapp)/Cm : volt
    minf = 1/(1 + exp(-(v + 34*mV)/(9*mV))) : 1
    dh/dt = 4*(hinf - h)/(1*ms + 3*ms*exp(-(v + 55*mV)**2/(20*mV)**2)) : 1
    hinf = 1/(1 + exp((v + 52*mV)/(7*mV))) : 1
    dn/dt = (1/(1 + exp(-(v + 36*mV)/(11*mV))) - n)/(2*ms) : 1
    """
    names = {
        "gna": 36 * brian2.msiemens / brian2.cm**2,
        "gk": 9 * brian2.msiemens / brian2.cm**2,
        "gl": 0.12 * brian2.msiemens / brian2.cm**2,
        "Cm": 1 * uF / brian2.cm**2,
        "Iapp": 2.5 * uA / brian2.cm**2,
    }
    group = NeuronGroup(
        1, text, threshold="v > -15*mV", refractory="v > -15*mV", method="euler", dt=0.02 * ms, namespace=names
    )
    group.v, group.h = -64 * mV, 0.9
    return Abroad(group)


@abroad("a persistent current with `tanh` and `cosh`")
def calcium_oscillator() -> Abroad:
    text = """
    dV/dt = (-2*(V + 60) - 4.4*ms_*(V - 120) - 8*w*(V + 84) + I)/(20*ms) : 1
    dw/dt = 0.04*cosh((V - 2)/60)*(0.5*(1 + tanh((V - 2)/30)) - w)/ms : 1
    ms_ = 0.5*(1 + tanh((V + 1.2)/18)) : 1
    I : 1
    """
    group = NeuronGroup(1, text.replace("ms_", "m_inf"), threshold="V > 0", refractory="V > 0", method="rk2")
    group.V, group.I = -55, 95
    return Abroad(group)


@abroad("a cubic oscillator in pure numbers, with the classical Runge-Kutta method")
def cubic_oscillator() -> Abroad:
    text = "dv/dt = (v - v**3/3 - w + I)/tau : 1\ndw/dt = 0.08*(v + 0.7 - 0.8*w)/tau : 1\nI : 1"
    group = NeuronGroup(1, text, threshold="v > 1", refractory="v > 1", method="rk4")
    group.v, group.w, group.I = -1, -0.5, 0.6
    return Abroad(group, {"tau": 1 * ms})


# --- exponential and quadratic upstrokes -----------------------------------------------------------------------------


@abroad("an exponential upstroke with adaptation, for several patterns at once")
def exponential_patterns() -> Abroad:
    text = """
    dvm/dt = (g*(E - vm) + g*slope*exp((vm - VT)/slope) + I - w)/C : volt
    dw/dt = (a*(vm - E) - w)/tau_w : amp
    a : siemens
    b : amp
    tau_w : second
    back : volt
    I : amp
    """
    names = {"C": 200 * pF, "g": 12 * nS, "E": -70 * mV, "VT": -50 * mV, "slope": 2 * mV, "cut": -35 * mV}
    group = NeuronGroup(3, text, threshold="vm > cut", reset="vm = back; w += b", method="euler", dt=0.05 * ms)
    group.vm, group.a, group.b = -70 * mV, [2, 4, 1] * nS, [0, 60, 30] * pA
    group.tau_w, group.back, group.I = [100, 60, 30] * ms, [-58, -52, -46] * mV, 500 * pA
    return Abroad(group, names, 1)


@abroad("the whole plane of such neurons: initial values by text, a very small dt")
def exponential_in_a_plane() -> Abroad:
    text = "dv/dt = (E - v + slope*exp((v - VT)/slope) + R*I)/T : volt\nI : amp"
    names = {"E": -65 * mV, "VT": -50 * mV, "slope": 3 * mV, "T": 8 * ms, "R": 90 * brian2.Mohm}
    group = NeuronGroup(50, text, threshold="v > -30*mV", reset="v = -60*mV", method="euler", dt=0.01 * ms)
    group.v, group.I = "-65*mV + rand()*5*mV", "0.1*nA + 0.01*nA*i"
    return Abroad(group, names, 35)


@abroad("a quadratic upstroke, in subgroups with their own parameters")
def quadratic_in_subgroups() -> Abroad:
    text = """
    dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
    du/dt = a*(b*v - u)/ms : 1
    I : 1
    a : 1
    b : 1
    c : 1
    d : 1
    """
    group = NeuronGroup(10, text, threshold="v >= 30", reset="v = c; u += d", method="euler")
    first, second_ = group[:6], group[6:]
    first.a, first.b, first.c, first.d = 0.02, 0.2, "-65 + i", 8
    second_.a, second_.b, second_.c, second_.d = 0.1, 0.22, -65, 2
    group.v, group.u, group.I = -65, "b*v", "8 + i"
    recurrent = Synapses(group, group, on_pre="I += 0.1")
    recurrent.connect()
    return Abroad(group, {}, 7, LEFT_OUT, (first, second_, recurrent, SpikeMonitor(first)))


@abroad("the same with noise that an operation sets each step")
def noise_by_an_operation() -> Abroad:
    text = "dv/dt = (0.04*v**2 + 5*v + 140 - u + I + jitter)/ms : 1\ndu/dt = 0.02*(0.2*v - u)/ms : 1\nI : 1\njitter : 1"
    group = NeuronGroup(10, text, threshold="v >= 30", reset="v = -65; u += 8", method="euler")
    group.v, group.u, group.I = -65, -13, 10
    group[:5].run_regularly("jitter = 4*randn()", dt=1 * ms)
    return Abroad(group, {}, 2)


@abroad("the same for a neuron that the operation leaves alone")
def without_the_operation() -> Abroad:
    return Abroad(noise_by_an_operation().group, {}, 8)


# --- in a network ----------------------------------------------------------------------------------------------------


@abroad("exponential synaptic currents, in a network that is drawn at random, with monitors")
def currents_in_a_network() -> Abroad:
    text = """
    dv/dt = (ge + gi - (v - rest))/(20*ms) : volt (unless refractory)
    dge/dt = -ge/(5*ms) : volt
    dgi/dt = -gi/(10*ms) : volt
    """
    group = NeuronGroup(40, text, threshold="v > level", reset="v = low", refractory=5 * ms, method="exact")
    rest, level, low = -49 * mV, -50 * mV, -60 * mV
    group.v = "low + rand()*(level - low)"
    excitatory = Synapses(group[:32], group, on_pre="ge += 1.6*mV")
    excitatory.connect(p=0.2)
    names = {"rest": rest, "level": level, "low": low}
    return Abroad(group, names, 3, LEFT_OUT, (excitatory, SpikeMonitor(group), brian2.PopulationRateMonitor(group)))


@abroad("a plastic synapse ends at it, and Poisson neurons drive it")
def plastic_target() -> Abroad:
    text = "dv/dt = (ge*(0*mV - v) + El - v)/(10*ms) : volt\ndge/dt = -ge/(5*ms) : 1"
    group = NeuronGroup(1, text, threshold="v > -54*mV", reset="v = -60*mV", method="euler")
    group.v, group.ge = -60 * mV, 2.5
    sources = PoissonGroup(5, rates=15 * Hz)
    plastic = Synapses(
        sources, group, "w : 1\ndtrace/dt = -trace/(20*ms) : 1 (event-driven)", on_pre="ge += w; trace += 1"
    )
    plastic.connect()
    return Abroad(group, {"El": -74 * mV}, 0, LEFT_OUT, (sources, plastic))


@abroad("a current of the group's own namespace, and inhibition")
def current_of_the_namespace() -> Abroad:
    names = {"g_l": 11 * nS, "e_l": -61 * mV, "c_m": 190 * pF, "background": 240 * pA}
    text = """
    dv/dt = (-g_l*(v - e_l) - (ga*v + gb*(v + 82*mV)) + background)/c_m : volt (unless refractory)
    dga/dt = -ga/(5*ms) : siemens
    dgb/dt = -gb/(9*ms) : siemens
    """
    group = NeuronGroup(
        12, text, threshold="v > -49*mV", reset="v = e_l", refractory=4 * ms, namespace=names, method="euler"
    )
    group.v, group.ga, group.gb = -61 * mV, 2 * nS, 1 * nS
    return Abroad(group)


@abroad("jumps of the voltage by a `PoissonInput` and delayed synapses")
def jumps_of_the_voltage() -> Abroad:
    group = NeuronGroup(
        30,
        "dv/dt = -v/tau : volt (unless refractory)",
        threshold="v > 20*mV",
        reset="v = 10*mV",
        refractory=2 * ms,
        method="exact",
    )
    group.v = 21 * mV
    outside = PoissonInput(group, "v", 100, 20 * Hz, 0.1 * mV)
    inside = Synapses(group, group, on_pre="v += 0.1*mV", delay=1.5 * ms)
    inside.connect(p=0.1)
    return Abroad(group, {"tau": 20 * ms}, 0, LEFT_OUT, (outside, inside))


@abroad("slow channels with a voltage block, and a sum over synapses")
def sum_over_synapses() -> Abroad:
    text = """
    dv/dt = (-25*nS*(v + 70*mV) - I_ext - I_slow)/(0.5*nF) : volt (unless refractory)
    I_ext = 3*nS*s_ext*v : amp
    ds_ext/dt = -s_ext/(2*ms) : 1
    I_slow = 0.4*nS*s_total*v/(1 + exp(-0.062*v/mV)/3.6) : amp
    s_total : 1
    """
    group = NeuronGroup(4, text, threshold="v > -50*mV", reset="v = -55*mV", refractory=2 * ms, method="rk2")
    group.v, group.s_total = -70 * mV, 400
    slow = Synapses(
        group, group, "ds/dt = -s/(100*ms) : 1 (clock-driven)\ns_total_post = s : 1 (summed)", method="exact"
    )
    slow.connect()
    return Abroad(group, {}, 0, LEFT_OUT, (slow,))


@abroad("gap junctions: the only current is a sum over synapses")
def gap_junctions() -> Abroad:
    group = NeuronGroup(
        6,
        "dv/dt = (v_start - v + Igap)/(10*ms) : 1\nv_start : 1\nIgap : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    group.v_start = "1 + 0.1*i"
    junctions = Synapses(group, group, "w : 1\nIgap_post = w*(v_pre - v_post) : 1 (summed)")
    junctions.connect()
    return Abroad(group, {}, 5, LEFT_OUT, (junctions,))


# --- stimuli and noise -----------------------------------------------------------------------------------------------


@abroad("a current from a table of values, one column for each neuron")
def table_of_values() -> Abroad:
    table = TimedArray(np.array([[0.0, 1.0], [2.0, 3.0], [1.5, 0.5], [3.0, 2.5]]) * nA, dt=20 * ms)
    text = "dv/dt = (-v + 10*Mohm*I)/(10*ms) : volt\nI = table(t, i) : amp"
    group = NeuronGroup(2, text, threshold="v > 12*mV", reset="v = 0*mV", method="euler")
    return Abroad(group, {"table": table, "Mohm": brian2.Mohm}, 1, timed=True)


@abroad("a sine of the time drives it: phase locking")
def sine_of_the_time() -> Abroad:
    text = "dv/dt = (-v + depth*sin(2*pi*t*rate) + offset)/tau : 1\noffset : 1"
    group = NeuronGroup(10, text, threshold="v > 1", reset="v = 0", method="euler")
    group.offset = "0.9 + 0.1*i"
    return Abroad(group, {"depth": 1.5, "rate": 12 * Hz, "tau": 15 * ms}, 5)


@abroad("white noise in the voltage")
def white_noise() -> Abroad:
    text = "dv/dt = (mu - v)/tau + 5*mV*xi/sqrt(tau) : volt (unless refractory)"
    group = NeuronGroup(10, text, threshold="v > 20*mV", reset="v = 10*mV", refractory=2 * ms, method="euler")
    return Abroad(group, {"mu": 22 * mV, "tau": 20 * ms})


@abroad("noise of its own and noise that all neurons share")
def shared_noise() -> Abroad:
    text = """
    dv/dt = (2 - v)/tau + common + 0.1*xi_own*tau**-0.5 : 1
    common = 0.3*randn()/tau : Hz (shared, constant over dt)
    """
    group = NeuronGroup(5, text, threshold="v > 1", reset="v = 0", method="euler")
    return Abroad(group, {"tau": 10 * ms})


# --- flags, places, links, other units -------------------------------------------------------------------------------


@abroad("delays and gains by the place in the group, `i/N`")
def by_place() -> Abroad:
    text = """
    dv/dt = (gain*drive - v)/(1*ms + lag) : 1
    gain = 1 + 2*i/N : 1
    lag = 10*ms*(i + 1)/N : second
    drive : 1 (shared)
    """
    group = NeuronGroup(20, text, threshold="v > 1", reset="v = 0", method="euler")
    group.drive = 0.9
    return Abroad(group, {}, 12)


@abroad("a parameter that is linked to another group's, in another order")
def linked_parameter() -> Abroad:
    source = NeuronGroup(3, "strength : volt\ny : 1", threshold="y > 1", reset="y = 0")
    source.strength = [12, 18, 25] * mV
    group = NeuronGroup(
        3,
        "dv/dt = (strength - v)/(10*ms) : volt\nstrength : volt (linked)",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        method="exact",
    )
    group.strength = brian2.linked_var(source, "strength", index=[2, 0, 1])
    return Abroad(group, {}, 2, kept=(source,))


@abroad("a noisy input that another group computes and all neurons share, by a linked variable")
def linked_noise() -> Abroad:
    text = "dx/dt = -x/(5*ms) + xi*(2/(5*ms))**0.5 : 1"
    source = NeuronGroup(1, text, method="euler", name="noise_of_all")
    text = "dv/dt = (0.8 + 0.4*shared - v)/(10*ms) : 1\nshared : 1 (linked)"
    group = NeuronGroup(12, text, threshold="v > 1", reset="v = 0", method="euler", name="driven_by_noise")
    group.shared = brian2.linked_var(source, "x")
    return Abroad(group, kept=(source,))


@abroad("an oscillation that another group computes, read through a subexpression of it")
def linked_oscillation() -> Abroad:
    text = "dx/dt = y/(4*ms) : 1\ndy/dt = -x/(4*ms) : 1\nforce = 2 + x : 1"
    source = NeuronGroup(3, text, method="euler", name="oscillators")
    source.x = "0.5 + 0.2*i"
    text = "dv/dt = (force - v)/(10*ms) : 1\nforce : 1 (linked)"
    group = NeuronGroup(3, text, threshold="v > 1", reset="v = 0", method="euler", name="driven")
    group.force = brian2.linked_var(source, "force", index=[2, 0, 1])
    return Abroad(group, index=1, kept=(source,))


@abroad("a table of values that is read at another time than now, by a delay of each neuron")
def delayed_table() -> Abroad:
    table = TimedArray(np.array([0.0, 2.0, 1.0, 3.0]), dt=20 * ms)
    text = "dv/dt = (table(t - late) - v)/(5*ms) : 1\nlate : second"
    group = NeuronGroup(4, text, threshold="v > 1", reset="v = 0", method="euler")
    group.late = "i*2.34*ms"
    return Abroad(group, {"table": table}, 1, timed=True)


@abroad("two tables of values in one drive, one of them with a delay that changes in time")
def two_tables() -> Abroad:
    sound = TimedArray(3 * np.random.default_rng(1).random(2000), dt=0.1 * ms)
    slow = TimedArray(np.array([[0.5, 0.2], [0.1, 0.9]]), dt=50 * ms)
    text = """
    dv/dt = (drive - v)/(5*ms) : 1
    drive = sound(t - delay) + slow(t, i) : 1
    delay = far*sin(angle) : second
    dangle/dt = 2*pi*5*Hz : 1
    far : second
    """
    group = NeuronGroup(2, text, threshold="v > 1", reset="v = 0", method="euler")
    group.far = [-2, 2] * ms
    return Abroad(group, {"sound": sound, "slow": slow}, 1, timed=True)


@abroad("a subexpression that is computed once per step")
def once_per_step() -> Abroad:
    text = "dv/dt = (pull + I - v)/(10*ms) : 1\npull = 0.3*v**2 : 1 (constant over dt)\nI : 1"
    group = NeuronGroup(1, text, threshold="v > 1.2", reset="v = 0", method="euler")
    group.I = 1
    return Abroad(group)


@abroad("a concentration, with Hill functions: spikes are releases of a calcium store")
def concentration() -> Abroad:
    text = """
    dc/dt = (J_in + J_pump)/(1 + 0*c/mmolar) : mmolar
    J_in = k*(c/mmolar)**2/((c/mmolar)**2 + 0.04) + feed : mmolar/second
    J_pump = -c/(25*ms)*clip(c/(1*mmolar), 0, 1) : mmolar/second
    feed : mmolar/second
    """
    group = NeuronGroup(1, text, threshold="c > 0.6*mmolar", reset="c = 0.05*mmolar", method="euler")
    group.c, group.feed = 0.05 * mmolar, 8 * mmolar / second
    return Abroad(group, {"k": 20 * mmolar / second})


# --- what one neuron alone cannot stand for ---------------------------------------------------------------------------


@abroad("a condition for spikes with neither reset nor refractoriness: every step above it is a spike")
def every_step_above() -> Abroad:
    group = NeuronGroup(1, "dv/dt = (I - v)/(10*ms) : 1\nI : 1", threshold="v > 1", method="euler")
    group.I = 2
    return Abroad(group)


@abroad("no equations: spikes at given or random times")
def source_of_spikes() -> Abroad:
    group = NeuronGroup(5, "at : second", threshold="t > at", refractory=100 * ms)
    group.at = "i*10*ms"
    return Abroad(group)


# --- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What becomes of a group."""

    name: str
    stands_for: str
    refused: str = ""
    """Why it is not accepted; empty if it is."""
    method: str = ""
    input: str = ""
    spikes: int | None = None
    """Spikes in Brian2; None if it was not run."""
    equal: bool | None = None
    """Whether its spikes here are the same; if there are none, its state at the end."""
    note: str = ""
    seconds: float = 0.0
    """Processor time of the conversion."""


def converted(made: Abroad) -> NeuronModel:
    """Convert a group."""
    return sc.from_brian2(made.group, index=made.index, namespace=made.names, name="abroad", **made.asked)


def row_of(name: str, *, run: bool = True) -> Row:
    """Convert a group, and run it in both programs with its own method and dt."""
    stands_for, make = GROUPS[name]
    brian2.seed(1)  # of initial values
    return what_becomes(Row(name, stands_for), make(), run=run)


def what_becomes(row: Row, made: Abroad, *, run: bool = True) -> Row:
    """Complete the row of a group; `run` is whether both programs run it."""
    started = time.process_time()
    try:
        model = converted(made)
        row = replace(row, seconds=time.process_time() - started)
        settings = sc.settings_from_brian2(made.group, namespace=made.names)
    except UserError as error:
        return replace(row, refused=str(error).replace(made.group.name, "group").removeprefix("abroad: "))
    row = replace(row, method=settings.method, input=model.input)
    if not run:
        return row
    stimulus = stimulus_of(made, model)
    if model.system.random:
        return with_noise(row, made, model, stimulus.with_noise(1), settings)
    (theirs,) = in_brian2(made, [()])
    try:
        ours = ours_of(model, stimulus, settings)
    except UserError as error:
        return replace(row, spikes=len(theirs.spikes), note=str(error))
    return replace(row, spikes=len(theirs.spikes), equal=same(ours, theirs))


def with_noise(row: Row, made: Abroad, model: NeuronModel, stimulus: sc.Stimulus, settings: Any) -> Row:
    """Run a group with noise in both programs, with the same random numbers."""
    ours, theirs = ours_of(model, stimulus, settings), Run(np.zeros(0), {})
    dt = dt_of(settings, stimulus)
    # Brian2 draws the numbers of several sources in an order that the texts do not say
    for theirs in in_brian2(made, permutations(drawn(model, stimulus, dt))):
        if same(ours, theirs):
            return replace(row, spikes=len(theirs.spikes), equal=True, note=RANDOM)
    return replace(row, spikes=len(theirs.spikes), equal=False)


@dataclass(frozen=True)
class Run:
    """What a neuron did."""

    spikes: np.ndarray
    """Times in ms."""
    state: Mapping[str, float]
    """At the end, in the internal units."""


def dt_of(settings: Any, stimulus: sc.Stimulus) -> Fraction:
    """Return the time step in ms."""
    return meant_dt(stimulus, units.in_ms(settings.dt, "dt"))


def ours_of(model: NeuronModel, stimulus: sc.Stimulus, settings: Any) -> Run:
    """Run the model of a group with the group's method, detection and time step."""
    (kernel,) = compile_kernels([make_step(model, settings.method, settings.detection, stimulus.varies)])
    outcome = kernel.run([stimulus], dt_of(settings, stimulus))[0]
    if outcome.failure:
        raise UserError(f"{outcome.failure}")
    return Run(outcome.spike_times, dict(zip(model.system.state, outcome.state.tolist(), strict=True)))


def drawn(model: NeuronModel, stimulus: sc.Stimulus, dt: Fraction) -> list[np.ndarray]:
    """Return what Brian2 must draw for each source of noise, in time, to have the numbers of a stimulus."""
    values = RandomInputs(model, [stimulus], dt).values(0, int(stimulus.horizon / dt))[:, :, 0]
    every = int(model.sampling_ms / dt)
    return [
        own * float(dt) ** 0.5 if name in model.system.noise else own[::every]
        for name, own in zip(model.system.random, values.T, strict=True)
    ]


def same(ours: Run, theirs: Run) -> bool:
    """Whether two runs have equal spikes; if there are none, whether the state at the end is equal."""
    if len(ours.spikes) != len(theirs.spikes) or not np.allclose(ours.spikes, theirs.spikes, rtol=0, atol=1e-6):
        return False
    names = [] if len(ours.spikes) else [name for name in theirs.state if name in ours.state and name not in OF_TIME]
    return all(abs(ours.state[name] - theirs.state[name]) <= EQUAL * abs(theirs.state[name]) for name in names)


def in_brian2(made: Abroad, several: Iterable[Sequence[np.ndarray]]) -> Iterator[Run]:
    """Run the neuron alone, without what else is in its script, once for each of `several`.

    Each is the numbers of some sources of noise. Brian2 gets one number after the other, in turn, where it would draw
    random numbers.
    """
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    try:
        monitor = SpikeMonitor(made.group)
        others = [each for each in made.kept if isinstance(each, NeuronGroup)]  # to which it is linked
        network = brian2.Network(made.group, monitor, *others)
        network.store()
        for draws in several:
            numbers = iter(np.column_stack(draws).ravel()) if draws else None

            def draw(n: int = 1, numbers: Iterator[float] | None = numbers) -> np.ndarray:
                return np.random.default_rng(1).random(n) if numbers is None else np.full(n, next(numbers))

            network.restore()
            with mock.patch("numpy.random.randn", draw), mock.patch("numpy.random.rand", draw):
                network.run(DURATION, namespace=dict(made.names))
            own = np.asarray(monitor.i) == made.index
            yield Run(np.asarray(monitor.t / ms)[own], state_of(made))
    finally:
        brian2.prefs.codegen.target = before


def state_of(made: Abroad) -> dict[str, float]:
    """Return the values of the neuron's own variables in Brian2, in the internal units."""
    found = {}
    for name, variable in made.group.variables.items():
        if getattr(variable, "array", False) and variable.owner is not None and variable.owner.name == made.group.name:
            value = variable.get_value()
            one = brian2.Quantity.with_dimensions(float(value[made.index if len(value) > 1 else 0]), variable.dim)
            found[name] = float(units.internal(one))
    return found


def stimulus_of(made: Abroad, model: NeuronModel) -> sc.Stimulus:
    """Return the stimulus under which the group runs."""
    if made.timed:
        return sc.stimulus_from_brian2(made.group, DURATION, made.index, namespace=made.names)
    if not model.input:
        return sc.as_it_stands(DURATION)
    drive = model.drive
    if drive is None:
        drive = brian2.Quantity.with_dimensions(0.0, model.input_dimension)
    return sc.constant(drive, DURATION)


#: They are no state in Brian2, or counted in another way.
OF_TIME = ("t", "lastspike", "i")
#: States are equal if they differ by at most this fraction.
EQUAL = 1e-9
#: What is said of a group with noise.
RANDOM = ", with the same random numbers"

INTRODUCTION = """\
# Groups as Brian2's users write them

Which groups can be compared as they are? The table has one group of each kind that Brian2's own examples contain. The
texts are our own (`tests/models/reading/abroad_groups.py`, which also writes this page; the tests compare the page
with it). The last two are refused, each with its reason. Each group was converted by `sc.from_brian2`, and one of
its neurons was run for 200 ms in Brian2 and here, with the group's own method and dt, and without the rest of its
script. Brian2 draws other random numbers than spikecost, so a group with noise is given the numbers that spikecost
draws. A group that is linked to another one is run together with it; if Brian2 sorts the other one first by its name,
then its neurons see values one step earlier than here, and the description of the model says so.
"""
#: The title of the other part of the page, which `examples_of_brian2` writes.
EXAMPLES = "## Brian2's own examples\n"
HEAD = "| group | stands for | input | method | spikes | equal to Brian2's |\n|---|---|---|---|---|---|"


def line_of(row: Row) -> str:
    """Write a row of the table."""
    spikes = str(row.spikes)
    cells = [f"`{row.name}`", row.stands_for, row.input or "as it stands", row.method, spikes]
    if row.refused:
        cells[2:] = ["", "", "", f"refused: {row.refused}"]
    else:
        cells.append(("yes" if row.equal else "no") + row.note if row.equal is not None else row.note)
    return f"| {' | '.join(cells)} |"


def said_of(rows: list[Row]) -> str:
    """Say how many groups are accepted, and how many of those have the same spikes."""
    accepted = [row for row in rows if not row.refused]
    equal = sum(bool(row.equal) for row in accepted)
    return f"Accepted: {len(accepted)} of {len(rows)} groups. Of these, {equal} have the same spikes as in Brian2."


def document(rows: list[Row]) -> str:
    """Write this part of the page."""
    return "\n".join([INTRODUCTION, said_of(rows), "", HEAD, *map(line_of, rows), "", ""])


def main() -> None:
    """Write this part of the document."""
    brian2.BrianLogger.log_level_error()
    _, title, rest = DOCUMENT.read_text(encoding="utf-8").partition(EXAMPLES)
    DOCUMENT.write_text(document([row_of(name) for name in GROUPS]) + title + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
