"""Fixed point, written by hand: the assignments of a Step in whole numbers of parts of 1/32768."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from spikecost.models.algebra.expression import Const, Op, Var

ONE = 2**15


def cut(value):
    return int(Fraction(value) * ONE)


def nearest(value):
    return floor(Fraction(value) * ONE + Fraction(1, 2))


def down(value):
    return floor(Fraction(value) * ONE)


def wrapped(parts):
    return (parts + 2**31) % 2**32 - 2**31


def times(a, b):
    return wrapped(a * b >> 15)


def value_of(node, values, constant):
    if isinstance(node, Const):
        return constant(node.value)
    if isinstance(node, Var):
        return values[node.name]
    assert isinstance(node, Op)
    args = [value_of(arg, values, constant) for arg in node.args]
    operations = {
        "add": lambda a, b: wrapped(a + b),
        "sub": lambda a, b: wrapped(a - b),
        "mul": times,
        "neg": lambda a: wrapped(-a),
        "less": lambda a, b: int(a < b),
        "at_most": lambda a, b: int(a <= b),
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "not": lambda a: int(not a),
        "select": lambda test, yes, no: yes if test else no,
    }
    return operations[node.kind](*args)


def spikes(step, value, dt, steps, constant):
    """Run the blocks of a step without refractoriness; return the numbers of the steps with a spike, and the state."""
    model = step.model
    values = {name: cut(each) for name, each in {**model.parameter_values, **model.initial_values}.items()}
    values |= {model.input: cut(value), "dt": cut(dt), "step": cut(dt), "done": 0, "left": 0}

    def run(block):
        for assign in step.blocks[block].assignments:
            values[assign.target] = value_of(assign.value, values, constant)

    found = []
    run("once")
    for k in range(steps):
        run("advance")
        threshold = model.system.threshold
        new = f"{threshold.variable}_next"
        level = value_of(threshold.level, values, constant)
        if values[new] > level:
            run("spike")
            found.append(k + 1)
            for name in step.state:
                values[name] = values.get(f"{name}_reset", values[f"{name}_next"])
        else:
            for name in step.state:
                values[name] = values[f"{name}_next"]
    return found, {name: values[name] for name in step.state}


#: The 29 spike times in ms that the pull request 563 of SpiNNakerManchester/sPyNNaker gives, for Izhikevich RS at 4.775
#: and dt = 0.1 ms: with the compiled constant rounded down, and to nearest.
PUBLISHED = {
    "down": "104.9 207.9 310.9 413.9 516.9 619.8 722.7 825.7 928.8 1031.8 1134.8 1237.9 1341.0 1444.1 1547.2 1650.3 "
    "1753.4 1856.5 1959.5 2062.4 2165.3 2268.3 2371.4 2474.4 2577.4 2680.5 2783.6 2886.7 2989.8",
    "nearest": "100.9 200.5 300.2 399.9 499.5 599.1 698.7 798.3 897.9 997.5 1097.1 1196.7 1296.3 1395.9 1495.5 1595.1 "
    "1694.7 1794.3 1893.9 1993.5 2093.1 2192.7 2292.3 2391.9 2491.5 2591.1 2690.7 2790.3 2889.9",
}


def on_spinnaker(constant, v, u, steps=31_000, current=4.775, dt=0.1, corrected=True):
    """Return spike times in ms: the midpoint method in the order of Hopkins and Furber 2015, table 3.

    Constants of the program are rounded by `constant`; parameters, the current and dt are cut by the host. After a
    spike, the next step (`corrected`) is longer by 1.85, their correction for the late detection of the spike.
    """
    a, b, c, d, h, i = map(cut, (0.02, 0.2, -65, 8, dt, current))
    k, five, offset, longer = (constant(Fraction(text)) for text in ("0.04", "5", "140", "1.85"))
    v, u, now, found = cut(v), cut(u), h, []
    for n in range(1, steps + 1):
        before = offset + i - u
        slope = before + times(five + times(k, v), v)
        eta = v + (times(now, slope) >> 1)
        beta = times(times(now, times(b, v) - u), a) >> 1
        v += times(now, before - beta + times(five + times(k, eta), eta))
        u += times(times(a, now), times(b, eta) - u - beta)
        now = h
        if v >= cut(30):
            found.append(n * dt)
            v, u = c, u + d
            now = times(h, longer) if corrected else h
    return found
