"""Groups from Brian2's published examples, as in a user's code: names come from the function that makes the group.

Changes are noted at each example: a single neuron, a constant drive instead of random input, a threshold if the example
only plots the voltage.
"""

from __future__ import annotations

from brian2 import NeuronGroup, cm, mS, ms, msiemens, mV, nA, nS, pA, pF, siemens, uA, uF, ufarad, umetre

import spikecost as sc


def tutorial_1():
    # part 1 of the introduction: refractoriness
    tau = 10 * ms
    eqs = """
    dv/dt = (1-v)/tau : 1 (unless refractory)
    """
    group = NeuronGroup(1, eqs, threshold="v>0.8", reset="v = 0", refractory=5 * ms, method="exact")
    return group, sc.from_brian2(group, input="tau"), {"tau": tau}


def tutorial_1_heterogeneous():
    # part 1 of the introduction: a threshold that adapts (the example's noise is left out), no method given
    tau, v0 = 5 * ms, 1.5
    eqs = """
    dv/dt = (v0-v)/tau : 1 (unless refractory)
    """
    group = NeuronGroup(1, eqs, threshold="v>1", reset="v = 0", refractory="15*ms")
    return group, sc.from_brian2(group, input="v0"), {"tau": tau, "v0": v0}


def if_curve_lif():
    n, tau = 1000, 10 * ms
    group = NeuronGroup(
        n,
        """
    dv/dt = (v0 - v) / tau : volt (unless refractory)
    v0 : volt
    """,
        threshold="v > 10*mV",
        reset="v = 0*mV",
        refractory=5 * ms,
        method="exact",
    )
    group.v = 0 * mV
    group.v0 = "i * 20*mV / (n-1)"
    return group, sc.from_brian2(group, input="v0", index=700), {"tau": tau, "n": n}


def if_curve_hodgkin_huxley():
    num_neurons = 100
    area = 20000 * umetre**2
    Cm = 1 * ufarad * cm**-2 * area
    gl = 5e-5 * siemens * cm**-2 * area
    El, EK, ENa, VT = -65 * mV, -90 * mV, 50 * mV, -63 * mV
    g_na, g_kd = 100 * msiemens * cm**-2 * area, 30 * msiemens * cm**-2 * area
    group = NeuronGroup(
        num_neurons,
        """
    dv/dt = (gl*(El-v) - g_na*(m*m*m)*h*(v-ENa) - g_kd*(n*n*n*n)*(v-EK) + I)/Cm : volt
    dm/dt = 0.32*(mV**-1)*4*mV/exprel((13.*mV-v+VT)/(4*mV))/ms*(1-m)
            - 0.28*(mV**-1)*5*mV/exprel((v-VT-40.*mV)/(5*mV))/ms*m : 1
    dn/dt = 0.032*(mV**-1)*5*mV/exprel((15.*mV-v+VT)/(5.*mV))/ms*(1.-n)
            - .5*exp((10.*mV-v+VT)/(40.*mV))/ms*n : 1
    dh/dt = 0.128*exp((17.*mV-v+VT)/(18.*mV))/ms*(1.-h)-4./(1+exp((40.*mV-v+VT)/(5.*mV)))/ms*h : 1
    I : amp
    """,
        threshold="v > -40*mV",
        refractory="v > -40*mV",
        method="exponential_euler",
    )
    group.v = El
    group.I = "0.7*nA * i / num_neurons"
    return group, sc.from_brian2(group, index=70), locals()


def cuba():
    # without the synapses; El is well above the threshold (-49 mV there), so that it fires fast
    taum, taue, taui = 20 * ms, 5 * ms, 10 * ms
    Vt, Vr, El = -50 * mV, -60 * mV, -40 * mV
    group = NeuronGroup(
        1,
        """
    dv/dt  = (ge+gi-(v-El))/taum : volt (unless refractory)
    dge/dt = -ge/taue : volt
    dgi/dt = -gi/taui : volt
    """,
        threshold="v>Vt",
        reset="v = Vr",
        refractory=5 * ms,
        method="exact",
    )
    group.v, group.ge = Vr + 2 * mV, 3 * mV
    return group, sc.from_brian2(group, input="El"), locals()


def coba_hh():
    # without the synapses: only an excitatory conductance and a leak that drives the neuron remain
    area = 20000 * umetre**2
    Cm = (1 * ufarad * cm**-2) * area
    gl = (5e-5 * siemens * cm**-2) * area
    El, EK, ENa, VT = -35 * mV, -90 * mV, 50 * mV, -63 * mV
    g_na, g_kd = (100 * msiemens * cm**-2) * area, (30 * msiemens * cm**-2) * area
    taue, taui, Ee, Ei = 5 * ms, 10 * ms, 0 * mV, -80 * mV
    group = NeuronGroup(
        1,
        """
    dv/dt = (gl*(El-v)+ge*(Ee-v)+gi*(Ei-v)-
             g_na*(m*m*m)*h*(v-ENa)-
             g_kd*(n*n*n*n)*(v-EK))/Cm : volt
    dm/dt = alpha_m*(1-m)-beta_m*m : 1
    dn/dt = alpha_n*(1-n)-beta_n*n : 1
    dh/dt = alpha_h*(1-h)-beta_h*h : 1
    dge/dt = -ge*(1./taue) : siemens
    dgi/dt = -gi*(1./taui) : siemens
    alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV-v+VT)/(4*mV))/ms : Hz
    beta_m = 0.28*(mV**-1)*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
    alpha_h = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
    beta_h = 4./(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
    alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
    beta_n = .5*exp((10*mV-v+VT)/(40*mV))/ms : Hz
    """,
        threshold="v>-20*mV",
        refractory=3 * ms,
        method="exponential_euler",
    )
    group.v, group.ge, group.gi = -65 * mV, 40 * nS, 200 * nS
    return group, sc.from_brian2(group, input="El"), locals()


def adaptive_threshold():
    # a constant input replaces the Poisson input of the example
    group = NeuronGroup(
        1,
        """
    dv/dt = (I - v)/(10*ms) : volt
    dvt/dt = (10*mV - vt)/(15*ms) : volt
    I : volt
    """,
        threshold="v > vt",
        reset="""
    v = 0*mV
    vt += 3*mV
    """,
        method="exact",
    )
    group.vt, group.I = 10 * mV, 20 * mV
    return group, sc.from_brian2(group), {}


def izhikevich_2003():
    # one of the 1000 neurons, without the network's noise
    tau = 1 * ms
    group = NeuronGroup(
        2,
        """
    dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/tau : 1
    du/dt = (a*(b*v - u))/tau : 1
    I : 1
    a : 1
    b : 1
    c : 1
    d : 1
    """,
        threshold="v>=30",
        reset="v = c; u += d",
        method="euler",
    )
    group.v, group.a, group.b, group.c, group.d = -65, [0.02, 0.1], 0.2, [-65, -60], [8, 2]
    group.u, group.I = "b*v", 10
    return group, sc.from_brian2(group, index=1), {"tau": tau}


def brette_gerstner_2005():
    C, gL, EL, VT, DeltaT = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
    Vcut = VT + 5 * DeltaT
    tauw, a, b, Vr = 144 * ms, 4 * nS, 0.0805 * nA, -70.6 * mV
    group = NeuronGroup(
        1,
        """
    dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + I - w)/C : volt
    dw/dt = (a*(vm - EL) - w)/tauw : amp
    I : amp
    """,
        threshold="vm>Vcut",
        reset="vm=Vr; w+=b",
        method="euler",
    )
    group.vm, group.I = EL, 1 * nA
    return group, sc.from_brian2(group), locals()


def wang_buzsaki_1996():
    # the example has no threshold; it uses exponential Euler, which Brian2 allows although dv/dt is not linear in v
    Cm, Iapp, gL, EL, ENa, EK = 1 * uF, 2 * uA, 0.1 * msiemens, -65 * mV, 55 * mV, -90 * mV
    gNa, gK = 35 * msiemens, 9 * msiemens
    group = NeuronGroup(
        1,
        """
    dv/dt = (-gNa*m**3*h*(v-ENa)-gK*n**4*(v-EK)-gL*(v-EL)+Iapp)/Cm : volt
    m = alpha_m/(alpha_m+beta_m) : 1
    alpha_m = 0.1/mV*10*mV/exprel(-(v+35*mV)/(10*mV))/ms : Hz
    beta_m = 4*exp(-(v+60*mV)/(18*mV))/ms : Hz
    dh/dt = 5*(alpha_h*(1-h)-beta_h*h) : 1
    alpha_h = 0.07*exp(-(v+58*mV)/(20*mV))/ms : Hz
    beta_h = 1./(exp(-0.1/mV*(v+28*mV))+1)/ms : Hz
    dn/dt = 5*(alpha_n*(1-n)-beta_n*n) : 1
    alpha_n = 0.01/mV*10*mV/exprel(-(v+34*mV)/(10*mV))/ms : Hz
    beta_n = 0.125*exp(-(v+44*mV)/(80*mV))/ms : Hz
    """,
        method="euler",
        threshold="v > -20*mV",
        refractory="v > -20*mV",
        dt=0.05 * ms,
    )
    group.v, group.h = -70 * mV, 1
    return group, sc.from_brian2(group, input="Iapp"), locals()


def hindmarsh_rose_1984():
    tau, a, b, c, d, r, s, x_1 = 1 * ms, 1.0, 3.0, 1.0, 5.0, 0.006, 4, -1.6
    group = NeuronGroup(
        1,
        """
    dx/dt = (y - a*x**3 + b*x**2 + I - z)/tau : 1
    dy/dt = (c - d*x**2 - y)/tau : 1
    dz/dt = r*(s*(x - x_1) - z)/tau : 1
    I : 1
    """,
        method="rk4",
        threshold="x > 1",
        refractory="x > 1",
    )
    group.x, group.y, group.z, group.I = x_1, c - d * x_1**2, 1.5, 3.5
    return group, sc.from_brian2(group), locals()


def morris_lecar_1981():
    # the example has no threshold
    C, gL, gCa, gK = 20 * uF / cm**2, 2 * mS / cm**2, 4 * mS / cm**2, 8 * mS / cm**2
    VL, VCa, VK = -60 * mV, 120 * mV, -84 * mV
    V1, V2, V3, V4, phi = -1.2 * mV, 18 * mV, 2 * mV, 30 * mV, 0.04 / ms
    group = NeuronGroup(
        1,
        """
    dV/dt = (-gL*(V - VL) - gCa*m_inf*(V - VCa) - gK*w*(V - VK) + I)/C : volt
    dw/dt = lambda_w*(w_inf - w) : 1
    m_inf = 0.5*(1 + tanh((V - V1)/V2)) : 1
    w_inf = 0.5*(1 + tanh((V - V3)/V4)) : 1
    lambda_w = phi*cosh((V - V3)/(2*V4)) : Hz
    I : amp/metre**2
    """,
        threshold="V > 0*mV",
        refractory="V > 0*mV",
        method="rk2",
    )
    group.V, group.w, group.I = -60 * mV, 0.015, 100 * uA / cm**2
    return group, sc.from_brian2(group), locals()


def vogels_2011():
    # without the synapses; names from the group's own namespace
    namespace = {
        "gl": 10 * nS,
        "el": -60 * mV,
        "er": -80 * mV,
        "vt": -50 * mV,
        "memc": 200 * pF,
        "bgcurrent": 200 * pA,
        "tau_ampa": 5 * ms,
        "tau_gaba": 10 * ms,
    }
    group = NeuronGroup(
        1,
        """
    dv/dt=(-gl*(v-el)-(g_ampa*v+g_gaba*(v-er))+bgcurrent)/memc : volt (unless refractory)
    dg_ampa/dt = -g_ampa/tau_ampa : siemens
    dg_gaba/dt = -g_gaba/tau_gaba : siemens
    """,
        threshold="v > vt",
        reset="v = el",
        refractory=5 * ms,
        namespace=namespace,
        method="euler",
    )
    group.v, group.g_ampa, group.g_gaba = namespace["el"], 2 * nS, 1 * nS
    return group, sc.from_brian2(group, input="bgcurrent"), {}


EXAMPLES = (
    tutorial_1,
    tutorial_1_heterogeneous,
    if_curve_lif,
    if_curve_hodgkin_huxley,
    cuba,
    coba_hh,
    adaptive_threshold,
    izhikevich_2003,
    brette_gerstner_2005,
    wang_buzsaki_1996,
    hindmarsh_rose_1984,
    morris_lecar_1981,
    vogels_2011,
)
