"""The Step, executed block by block in Python, is compared with textbook steps written here with plain floats.

The textbook code shares only the model's text with the Step: Python evaluates the right-hand sides of the Brian2
equations, the exponential Euler coefficients are differences, and the crossing of the cubic is found by bisection.
"""

from __future__ import annotations

import math
from functools import cache

import brian2
import numpy as np
import pytest
from brian2 import ms
from scipy.linalg import expm

from spikecost.models.algebra.draft import NotApplicable
from spikecost.models.algebra.expression import FLOATS, Op, Var, evaluate, nodes
from spikecost.models.catalogue import MODELS
from spikecost.models.definition.language import units
from spikecost.models.detection import DETECTIONS
from spikecost.models.ground.errors import UserError
from spikecost.models.methods import METHODS, with_steps_alike
from spikecost.models.methods.kinds.fixed_step import conditions
from spikecost.models.reading.by_name import get_model
from spikecost.models.step import make_step, why_not

DT = 0.05
RELATIVE = 1e-11

# --- the textbook ----------------------------------------------------------------------------------------------------


class Textbook:
    """A model's right-hand side, threshold and reset, evaluated by Python from the model's text."""

    def __init__(self, model):
        self.model = model
        equations = brian2.Equations(model.equations)
        self.state = [name for name in equations if name in equations.diff_eq_names]
        self.held = [name for name in self.state if "unless refractory" in equations[name].flags]
        self.names = {
            "exp": math.exp,
            "sqrt": math.sqrt,
            "exprel": lambda x: math.expm1(x) / x if x else 1.0,
            "tanh": math.tanh,
            "cosh": math.cosh,
            "sinh": math.sinh,
            **{unit: float(units.internal(getattr(brian2, unit))) for unit in ("ms", "mV", "second", "volt", "pA")},
            **{name: float(units.internal(value)) for name, value in {**model.constants, **model.parameters}.items()},
        }
        self.code = {e.varname: compile(e.expr.code, e.varname, "eval") for e in equations.ordered if e.expr}
        self.threshold = compile(model.threshold, "threshold", "eval")
        self.variable, self.level = [part.strip() for part in model.threshold.replace(">=", ">").split(">")]
        self.drive = float(units.internal(model.drive)) if model.drive is not None else 10.0
        self.crosses = isinstance(model.refractory, str)

    def values(self, x, current=0.0):
        values = {**self.names, **x, self.model.input: current}
        for name, code in self.code.items():
            if name not in self.state:
                values[name] = self.looked_up(code, values) if self.model.tables else eval(code, values)
        return values

    def size(self, name, value):
        """The scale of a variable that starts at `value`: the scale of the drive if it has the input's unit."""
        dimensions = self.model.system.dimensions
        is_current = dimensions[name] is dimensions[self.model.input] and dimensions[name] is not units.DIMENSIONLESS
        return abs(self.drive) if is_current else max(1.0, abs(value))

    def gap(self, x):
        """The voltage minus the threshold."""
        return x[self.variable] - eval(self.level, self.values(x))

    def f(self, x, current, held=()):
        values = self.values(x, current)
        return {name: 0.0 if name in held else eval(self.code[name], values) for name in self.state}

    def looked_up(self, code, values):
        """On the straight line between the values at the two grid voltages next to v."""
        step = float(units.internal(self.model.tables.step))
        low = math.floor(values["v"] / step) * step
        at_low, at_high = (eval(code, {**values, "v": v}) for v in (low, low + step))
        return at_low + (at_high - at_low) * (values["v"] - low) / step

    def above(self, x):
        return eval(self.threshold, self.values(x))

    def spikes(self, start, end):
        return self.above(end) and not (self.crosses and self.above(start))

    def after_reset(self, x):
        values = {**self.names, **x}
        exec("\n".join(part.strip() for part in self.model.reset.split(";")), values)
        return {name: values[name] for name in self.state}


def plus(x, *terms):
    return {name: x[name] + sum(factor * k[name] for factor, k in terms) for name in x}


def euler(f, x, dt):
    return plus(x, (dt, f(x)))


def rk4(f, x, dt):
    k1 = f(x)
    k2 = f(plus(x, (dt / 2, k1)))
    k3 = f(plus(x, (dt / 2, k2)))
    k4 = f(plus(x, (dt, k3)))
    return plus(x, (dt / 6, k1), (dt / 3, k2), (dt / 3, k3), (dt / 6, k4))


def rk4_frozen(f, x, dt):
    return {name: rk4(lambda y: {name: f({**x, **y})[name]}, {name: x[name]}, dt)[name] for name in x}  # noqa: B023


def exponential_euler(f, x, dt):
    # x' = a + b x: a is the derivative at 0, b its change per unit of x; x(dt) = x exp(b dt) + a (exp(b dt) - 1)/b
    after = {}
    for name, value in x.items():
        a = f({**x, name: 0.0})[name]
        b = f({**x, name: 1.0})[name] - a
        after[name] = value * math.exp(b * dt) + (a * math.expm1(b * dt) / b if b else a * dt)
    return after


class Line:
    """A number a + b*v, of which functions see only the value."""

    def __init__(self, a, b, v):
        self.a, self.b, self.v = a, b, v

    def __float__(self):
        return float(self.a + self.b * self.v)

    def __add__(self, other):
        a, b = (other.a, other.b) if isinstance(other, Line) else (other, 0.0)
        return Line(self.a + a, self.b + b, self.v)

    def __mul__(self, other):
        if isinstance(other, Line):  # one of them is a number
            assert 0.0 in (self.b, other.b)
            return Line(self.a * other.a, self.a * other.b + self.b * other.a, self.v)
        return Line(self.a * other, self.b * other, self.v)

    def __truediv__(self, other):
        return self * (1 / float(other))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return other / float(self)

    def __pow__(self, power):
        return float(self) ** power

    def __lt__(self, other):
        return float(self) < float(other)

    def __gt__(self, other):
        return float(self) > float(other)

    def __le__(self, other):
        return float(self) <= float(other)

    def __ge__(self, other):
        return float(self) >= float(other)

    __radd__, __rmul__ = __add__, __mul__


def exponential_euler_frozen(f, x, dt):
    after = {}
    for name, value in x.items():
        line = f({**x, name: Line(0.0, 1.0, value)})[name]
        a, b = (line.a, line.b) if isinstance(line, Line) else (line, 0.0)
        after[name] = value * math.exp(b * dt) + (a * math.expm1(b * dt) / b if b else a * dt)
    return after


def midpoint(f, x, dt):
    return plus(x, (dt, f(plus(x, (dt / 2, f(x))))))


def heun(f, x, dt):
    k1 = f(x)
    return plus(x, (dt / 2, k1), (dt / 2, f(plus(x, (dt, k1)))))


def izhikevich2003(f, x, dt):
    for _ in range(2):
        x = {**x, "v": x["v"] + dt / 2 * f(x)["v"]}
    return {**x, "u": x["u"] + dt * f(x)["u"]}


def izhikevich2004(f, x, dt):
    x = {**x, "v": x["v"] + dt * f(x)["v"]}
    return {**x, "u": x["u"] + dt * f(x)["u"]}


def gates_alone(f, x, dt):
    return {**exponential_euler(f, x, dt), "v": x["v"]}


def voltage_alone(f, x, dt):
    return {**x, "v": exponential_euler(f, x, dt)["v"]}


def rush_larsen(f, x, dt):
    return {**gates_alone(f, x, dt), "v": euler(f, x, dt)["v"]}


def strang(f, x, dt):
    return voltage_alone(f, gates_alone(f, voltage_alone(f, x, dt / 2), dt), dt / 2)


def staggered(f, x, dt):
    return gates_alone(f, voltage_alone(f, gates_alone(f, x, dt / 2), dt), dt / 2)


def exact(f, x, dt):
    # x' = c + A x: column j of A is the change of the derivatives per unit of variable j
    zero = dict.fromkeys(x, 0.0)
    c = np.array(list(f(zero).values()))
    columns = [np.array(list(f({**zero, name: 1.0}).values())) - c for name in x]
    square = np.block([[np.array(columns).T, c[:, None]], [np.zeros((1, len(x) + 1))]])
    return dict(zip(x, (expm(dt * square) @ [*x.values(), 1.0])[:-1].tolist(), strict=True))


#: Methods that models without noise cannot use; `tests/harness/test_noise.py` compares them with Brian2's.
ONLY_FOR_NOISE = {"milstein", "milstein_of_brian2", "heun_of_noise"}
TEXTBOOK_METHODS = {
    "euler": euler,
    "rk4": rk4,
    "rk4_frozen": rk4_frozen,
    "midpoint": midpoint,
    "esr_midpoint": midpoint,
    "heun": heun,
    "izhikevich2003": izhikevich2003,
    "izhikevich2004": izhikevich2004,
    "exponential_euler": exponential_euler,
    "exponential_euler_frozen": exponential_euler_frozen,
    "rush_larsen": rush_larsen,
    "strang": strang,
    "exponential_euler_staggered": staggered,
    "exact": exact,
}


def grid(book, f, x, after, dt):
    return 1.0, after


def grid_start(book, f, x, after, dt):
    return 0.0, after


def linear(book, f, x, after, dt):
    theta = float(np.interp(0.0, [book.gap(x), book.gap(after)], [0.0, 1.0]))
    return theta, {name: (1 - theta) * x[name] + theta * after[name] for name in x}


def hermite(book, f, x, after, dt):
    k0, k1 = f(x), f(after)

    def cubic(name, s):  # in the basis of Hermite's polynomials
        return (
            (1 + 2 * s) * (1 - s) ** 2 * x[name]
            + s * (1 - s) ** 2 * dt * k0[name]
            + s**2 * (3 - 2 * s) * after[name]
            + s**2 * (s - 1) * dt * k1[name]
        )

    low, high = 0.0, 1.0
    while high - low > 1e-15:
        middle = (low + high) / 2
        below = book.gap({name: cubic(name, middle) for name in x}) < 0
        low, high = (middle, high) if below else (low, middle)
    return low, {name: cubic(name, low) for name in x}


TEXTBOOK_DETECTIONS = {"grid": grid, "grid_start": grid_start, "linear": linear, "hermite": hermite}


@cache
def about_to_spike(name):
    """A state on the model's trajectory, and an input, from which every method crosses the threshold within DT."""
    book = Textbook(MODELS[name])
    for current in (factor * book.drive for factor in (0.5, 1, 2, 5)):
        x = MODELS[name].initial_values
        for _ in range(5000):
            after = rk4(lambda x: book.f(x, current), x, 0.01)  # noqa: B023 - used within the iteration
            if book.spikes(x, after):
                return x, current
            x = after
    raise AssertionError(f"{name} does not spike")


def settled(name):
    """A state and an input, one millisecond after a start near rest, without a spike within DT."""
    book = Textbook(MODELS[name])
    sizes = {name: book.size(name, value) for name, value in MODELS[name].initial_values.items()}
    x = {name: value - 0.01 * sizes[name] for name, value in MODELS[name].initial_values.items()}
    current = 0.4 * book.drive
    for _ in range(20):
        x = rk4(lambda x: book.f(x, current), x, DT)
    # at rest, every method would pass this test
    assert all(abs(slope) > 1e-8 * sizes[name] for name, slope in book.f(x, current).items())
    return x, current


# --- the Step --------------------------------------------------------------------------------------------------------


def run(block, values):
    """Execute a block on `values` and return the values that it assigned."""
    known = dict(values)
    for assign in block.assignments:
        known[assign.target] = evaluate(assign.value, known, FLOATS)
    return {target: known[target] for target in block.targets}


def inputs_of(step, x, current, dt):
    return {**x, **step.model.parameter_values, step.model.input: current, "dt": dt}


def advance(step, x, current, dt):
    """Execute `once` and `advance`; return the values that they assigned, and whether there is a spike."""
    values = inputs_of(step, x, current, dt)
    once = run(step.blocks["once"], values)
    found = run(step.blocks["advance"], {**values, **once})
    return found, all(found[name] for name in conditions(step.model))


def next_state(found, state, ending):
    return {name: found[f"{name}{ending}"] for name in state}


def approximately(expected):
    return pytest.approx(expected, rel=RELATIVE, abs=1e-11)


# --- tests -----------------------------------------------------------------------------------------------------------


def test_every_registered_method_and_detection_has_its_textbook_step_here():
    assert set(TEXTBOOK_METHODS) == set(with_steps_alike()) - ONLY_FOR_NOISE
    # methods with dense output make their own blocks and have separate tests
    assert set(TEXTBOOK_DETECTIONS) == set(DETECTIONS) - {"dense"}


def test_a_step_without_a_spike(combination):
    name, method, detection = combination
    step, book = make_step(name, method, detection), Textbook(MODELS[name])
    x, current = settled(name)
    found, spiked = advance(step, x, current, DT)
    expected = TEXTBOOK_METHODS[method](lambda x: book.f(x, current), x, DT)
    assert next_state(found, step.state, "_next") == approximately(expected)
    assert not spiked
    assert not book.spikes(x, expected)


def test_a_step_with_a_spike(combination):
    name, method, detection = combination
    step, book = make_step(name, method, detection), Textbook(MODELS[name])
    x, current = about_to_spike(name)

    def f(x):
        return book.f(x, current)

    after = TEXTBOOK_METHODS[method](f, x, DT)
    found, spiked = advance(step, x, current, DT)
    assert spiked
    assert book.spikes(x, after)
    assert next_state(found, step.state, "_next") == approximately(after)

    theta, at = TEXTBOOK_DETECTIONS[detection](book, f, x, after, DT)
    assert 0 <= theta <= 1
    found = run(step.blocks["spike"], {**inputs_of(step, x, current, DT), **found, "done": 0.0, "step": DT})
    # the error left by bisection and Newton's iterations is 1e-15/slope, plus the rounding of the cubic
    assert found["elapsed"] == pytest.approx(theta, abs=1e-10)
    assert step.restarts == (not detection.startswith("grid") and bool(MODELS[name].reset))
    if not MODELS[name].reset:
        assert set(found) & {f"{name}_reset" for name in step.state} == set()
        return
    reset = book.after_reset(at)
    assert next_state(found, step.state, "_reset") == pytest.approx(reset, rel=1e-9)
    if step.restarts:
        # the rest of the step, integrated from the reset
        assert found["rest"] == pytest.approx((1 - theta) * DT, abs=1e-10)
        anew, _ = advance(step, next_state(found, step.state, "_reset"), current, found["rest"])
        expected = TEXTBOOK_METHODS[method](f, reset, (1 - theta) * DT)
        assert next_state(anew, step.state, "_next") == pytest.approx(expected, rel=1e-9)


def test_a_second_spike_within_a_step_is_timed_from_the_steps_start(combination):
    name, method, detection = combination
    step = make_step(name, method, detection)
    if not step.restarts:
        assert "done" not in _read(step.blocks["spike"]) | _read(step.blocks["advance"])
        return
    x, current = about_to_spike(name)
    found, _ = advance(step, x, current, DT)
    values = {**inputs_of(step, x, current, DT), **found}
    whole = run(step.blocks["spike"], {**values, "done": 0.0, "step": DT})["elapsed"]
    # the same piece of length DT, as the last quarter of a step four times as long
    later = run(step.blocks["spike"], {**values, "done": 0.75, "step": 4 * DT})
    assert later["elapsed"] == pytest.approx(0.75 + whole / 4, rel=1e-12)
    assert later["rest"] == pytest.approx((1 - whole) * DT, rel=1e-9)


def test_no_block_uses_a_name_before_it_is_assigned(combination):
    name, method, detection = combination
    step = make_step(MODELS[name].replace(refractory=2 * ms), method, detection)
    given = {*step.state, *step.parameters, step.model.input, "dt"}
    nexts = {f"{variable}_next" for variable in step.state}
    fixed = {"dt", *step.parameters}
    _check(step.blocks["once"], fixed)
    _check(step.blocks["advance"], given | set(step.blocks["once"].targets))
    _check(step.blocks["spike"], given | nexts | {"done", "step"})
    _check(step.blocks["check"], {"left"})
    for block in (step.blocks["pause"], step.blocks["resume"]):
        _check(block, given - {"dt"} | {"left", "done", "step"})
    assert nexts | set(conditions(step.model)) <= set(step.blocks["advance"].targets)
    assert "elapsed" in step.blocks["spike"].targets
    assert step.blocks["check"].targets == ("waiting",)
    assert "left_next" in step.blocks["pause"].targets


def _check(block, known):
    known = set(known)
    for assign in block.assignments:
        used = {node.name for node in nodes(assign.value) if isinstance(node, Var)}
        assert used <= known, f"{assign.target} uses {used - known}"
        assert assign.target not in known, f"{assign.target} is assigned twice"
        known.add(assign.target)


def going_on(step):
    """Return the variables that still change while the neuron is refractory."""
    return tuple(METHODS[step.method].given(step)["moving"])


def _read(block):
    return {node.name for assign in block.assignments for node in nodes(assign.value) if isinstance(node, Var)}


def test_a_refractory_step(combination):
    name, method, detection = combination
    step = make_step(MODELS[name].replace(refractory=2 * ms), method, detection)
    book = Textbook(step.model)
    x, current = settled(name)
    values = {**inputs_of(step, x, current, DT), "step": DT}

    assert run(step.blocks["check"], {"left": 0.5})["waiting"]
    assert not run(step.blocks["check"], {"left": 0.0})["waiting"]

    def held_over(dt):
        after = TEXTBOOK_METHODS[method](lambda x: book.f(x, current, book.held), x, dt)
        return {f"{variable}_held": after[variable] for variable in book.state if variable not in book.held}

    # flagged variables stay, the others change, over the whole step
    paused = run(step.blocks["pause"], {**values, "left": 7.0, "done": 0.0})
    assert paused.pop("left_next") == 6.0
    held = held_over(DT)
    assert set(going_on(step)) == {name.removesuffix("_held") for name in held}
    assert {name: paused[name] for name in held} == approximately(held)
    if not step.restarts:
        assert step.blocks["resume"].assignments == ()
        return
    # after a spike at 0.25 of the step, the neuron is refractory for the other three quarters
    paused = run(step.blocks["pause"], {**values, "left": 7.0, "done": 0.25})
    assert paused["left_next"] == 6.25
    assert {name: paused[name] for name in held} == approximately(held_over(0.75 * DT))
    # refractoriness of 0.5 steps that began at 0.25 ends at 0.75
    resumed = run(step.blocks["resume"], {**values, "left": 0.5, "done": 0.25})
    assert resumed["ends"]
    assert (resumed["elapsed"], resumed["rest"]) == (0.75, pytest.approx(0.25 * DT, rel=1e-14))
    assert {name: resumed[name] for name in held} == approximately(held_over(0.5 * DT))
    # refractoriness of 0.75 steps from there ends with the step: this step is refractory, the next step is not
    assert not run(step.blocks["resume"], {**values, "left": 0.75, "done": 0.25})["ends"]


def test_after_a_spike_a_varying_input_is_on_the_parabola_through_its_three_values():
    step = make_step("lif", "rk4", "hermite", varying=True)

    def parabola(x):
        return 3 + 2 * x - 5 * x**2

    thirds = {"first": 0, "half": 0.5, "last": 1}
    inputs = {"I": parabola(0), "I_mid": parabola(0.5), "I_end": parabola(1)}
    values = {"v": -51.0, "v_next": -48.0, "dt": DT, "step": DT, "done": 0.0, **step.model.parameter_values, **inputs}
    found = run(step.blocks["spike"], values | {f"I_{place}": parabola(x) for place, x in thirds.items()})
    after = found["elapsed"]
    assert 0.1 < after < 0.9
    assert found["I_rest"] == pytest.approx(parabola(after), rel=1e-14)
    assert found["I_mid_rest"] == pytest.approx(parabola((after + 1) / 2), rel=1e-14)


@pytest.mark.parametrize(("name", "held"), [("lif", ()), ("izhikevich", ("v", "u"))])
def test_what_goes_on_while_refractory(name, held):
    # lif's v is flagged (unless refractory); no variable of Izhikevich's model is
    step = make_step(MODELS[name].replace(refractory=2 * ms), "rk4")
    assert going_on(step) == held


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_what_goes_on_sees_what_is_held_stand_still(method):
    # u follows b v: v must not change, also in the stages of a step
    model = MODELS["izhikevich"]
    model = model.replace(
        equations=model.equations.replace("I)/ms : 1", "I)/ms : 1 (unless refractory)"), refractory=2 * ms
    )
    step, book = make_step(model, method), Textbook(model)
    assert going_on(step) == ("u",)
    x, current = settled("izhikevich")
    found = run(step.blocks["pause"], {**inputs_of(step, x, current, DT), "step": DT, "left": 3.0, "done": 0.0})
    after = TEXTBOOK_METHODS[method](lambda x: book.f(x, current, ["v"]), x, DT)
    assert found["u_held"] == approximately(after["u"])
    assert after["v"] == x["v"]


def test_a_model_that_is_never_refractory_has_no_such_blocks(combination):
    name, method, detection = combination
    step = make_step(MODELS[name].replace(refractory=None) if MODELS[name].reset else name, method, detection)
    assert not any(step.blocks[name].assignments for name in ("check", "pause", "resume"))


@pytest.mark.parametrize(
    ("threshold", "at", "spikes"),
    [
        ("v >= 30", 30.0, True),
        ("v > 30", 30.0, False),
        ("v > 30", np.nextafter(30.0, 31.0), True),
        ("v >= 30", np.nextafter(30.0, 29.0), False),
    ],
)
def test_the_threshold_is_inclusive_only_if_it_says_so(threshold, at, spikes):
    step = make_step(MODELS["izhikevich"].replace(threshold=threshold), "euler")
    # dt = 0: the end is the start
    _, spiked = advance(step, {"v": float(at), "u": 0.0}, 0.0, 0.0)
    assert spiked is spikes


def test_a_spike_without_a_reset_needs_a_crossing():
    step = make_step("hodgkin_huxley", "euler")
    gates = {"m": 0.9, "h": 0.3, "n": 0.4}
    before = {v: advance(step, {"v": v, **gates}, 200.0, 0.01)[0] for v in (-1.0, 1.0)}
    assert all(found["v_next"] > 0 for found in before.values())
    assert conditions(step.model) == ("above", "was_below")
    assert (before[-1.0]["above"], before[-1.0]["was_below"]) == (True, True)
    assert (before[1.0]["above"], before[1.0]["was_below"]) == (True, False)


def test_hermite_falls_back_to_the_straight_line_where_the_cubic_bends_out_of_the_step():
    # v from 25 to 60 although it falls at the start (I = -500): Newton's iterations leave the step
    step = make_step("izhikevich", "euler", "hermite")
    values = {
        "v": 25.0,
        "u": 0.0,
        "v_next": 60.0,
        "u_next": 0.0,
        "I": -500.0,
        "dt": 0.5,
        "done": 0.0,
        "step": 0.5,
        **MODELS["izhikevich"].parameter_values,
    }
    found = run(step.blocks["spike"], values)
    assert not 0 < found["s_3"] < 1
    assert found["elapsed"] == found["line"] == pytest.approx((30 - 25) / (60 - 25), rel=1e-15)


def test_parameters_are_operands_and_constants_are_numbers(combination):
    name, method, detection = combination
    step = make_step(name, method, detection)
    read = _read(step.blocks["once"]) | _read(step.blocks["advance"]) | _read(step.blocks["spike"])
    assert set(step.parameters) <= read
    assert not set(step.model.constants) & read


def test_the_preset_does_not_change_the_step():
    blocks = [
        [(a.target, repr(_shape(a.value))) for a in step.blocks["advance"].assignments]
        for step in (make_step(f"izhikevich:{preset}", "rk4") for preset in MODELS["izhikevich"].presets)
    ]
    assert all(block == blocks[0] for block in blocks)


def _shape(node):
    return (node.kind, *map(_shape, node.args)) if isinstance(node, Op) else getattr(node, "name", None) or node.value


@pytest.mark.parametrize("name", ["izhikevich", "izhikevich_mv"])
def test_exponential_euler_does_not_apply_to_a_square(name):
    assert "not linear in v" in why_not(get_model(name), "exponential_euler")
    with pytest.raises(NotApplicable) as error:
        make_step(name, "exponential_euler")
    assert str(error.value).startswith(
        f"exponential_euler does not apply to {name}:RS: dv/dt is not linear in v; take esr_midpoint, euler, "
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("liff", "euler", "grid"), "unknown model 'liff': did you mean 'lif'? known are "),
        (("lif", "eular", "grid"), "unknown method 'eular': did you mean 'euler'? known are "),
        (("lif", "euler", "gird"), "unknown detection 'gird': did you mean 'grid'? known are "),
    ],
)
def test_unknown_names(arguments, message):
    with pytest.raises(UserError) as error:
        make_step(*arguments)
    assert str(error.value).startswith(message)
