"""NEST, with models of ours that its own models can express."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.metadata import version
from types import MappingProxyType

import numpy as np
from brian2 import cm, ms, mV, nS, pA, pF
from numpy.typing import NDArray

from ...models.algebra.draft import Derivatives, Draft, NotApplicable
from ...models.algebra.expression import FLOATS, Expr, evaluate, names
from ...models.algebra.polynomial import affine_parts, coefficients, linear_parts
from ...models.catalogue import MODELS
from ...models.definition.language import equations as language
from ...models.definition.language import units
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import UserError
from ..stimuli import Stimulus, at_steps
from .base import ENGINES, Engine, EngineRun, Labels, Scheme, inputs_of, on_the_grid, why_not_plain
from .child import ask
from .seen import NEURONS, operations_of

#: NEST's neurons with conductances have 1e-4 cm2 of membrane: 1 mS/cm2 is 100 nS, and 1 uA/cm2 is 100 pA.
_AREA = 1e-4 * cm**2
#: The smallest number of parts of a ms, NEST's default.
_TICS = 1000
VARYING = (
    "a step_current_generator gives each step the value at its start; the generator's delay of one step is made up for "
    "(models/step_current_generator.cpp)"
)


@dataclass(frozen=True)
class Builtin:
    """A model of NEST, and how a model of ours is expressed by it."""

    model: str
    parameters: Mapping[str, float]
    """Parameters and initial state, in NEST's units."""
    scale: float = 1.0
    """NEST's ``I_e`` over the input, in internal units."""
    maximum_above: float | None = None
    """The voltage above which a maximum of the voltage is a spike; None if a spike is as in the model."""
    settings: Mapping[str, object] = field(default_factory=dict)


class Nest(Engine):
    """NEST's own models."""

    name = "nest"
    title = "NEST"
    package = "nest"
    default_dt = Fraction(1, 10)
    default_dt_source = "CMakeLists.txt: tics_per_ms 1000, tics_per_step 100"
    varying = VARYING
    labels = Labels(
        "a spike is found at the end of a step, where the reset acts, and labelled with it; aeif models find it, and "
        "reset, after each step of the solver; Hodgkin-Huxley neurons spike at the end of the first step in which the "
        "voltage fell, so just after its maximum, and then not for 2 ms",
        "models/iaf_psc_delta.cpp, izhikevich.cpp, aeif_psc_delta.cpp, hh_psc_alpha.cpp, hh_cond_exp_traub.cpp: update",
    )
    schemes = MappingProxyType(
        {
            "exact": Scheme("the exact solution of a step (iaf_psc_delta)", "models/iaf_psc_delta.cpp", ours="exact"),
            "euler": Scheme(
                "forward Euler (izhikevich, consistent_integration, the default)", "models/izhikevich.cpp", ours="euler"
            ),
            "izhikevich2003": Scheme(
                "two half steps of v, then u with the new v (izhikevich without consistent_integration)",
                "models/izhikevich.cpp",
                ours="izhikevich2003",
            ),
            "rkf45": Scheme(
                "Runge, Kutta and Fehlberg's method of order 4(5) from the GSL, with steps of its own up to dt; "
                "tolerance 1e-6 (aeif), or an absolute one of 1e-3 in every variable (Hodgkin-Huxley)",
                "models/aeif_psc_delta.cpp, hh_psc_alpha.cpp, hh_cond_exp_traub.cpp: init_buffers_",
                controlled=True,
            ),
        }
    )

    def why_not_model(self, model: NeuronModel, method: str) -> str:
        """Return why NEST has no such model; empty if it has."""
        if reason := why_not_plain(model):
            return reason
        try:
            _FOUND[method](model)
        except NotApplicable as error:
            return str(error)
        return ""

    def text(self, model: NeuronModel, method: str) -> str:
        """Return the call that makes a neuron."""
        found = _FOUND[method](model)
        lines = [f"    {name!r}: {value!r}," for name, value in {**found.settings, **found.parameters}.items()]
        note = f"# I_e is {found.scale:g} times the input\n"
        return f"nest.Create({found.model!r}, params={{\n" + "\n".join(lines) + f"\n}})\n{note}"

    def judged_as(self, model: NeuronModel, method: str, stimulus: Stimulus) -> NeuronModel:
        """Return the model with a spike where the voltage, above a level, begins to fall, if NEST means this."""
        above = _FOUND[method](model).maximum_above
        if above is None:
            return model
        if stimulus.varies or len(set(stimulus.values)) > 1:
            raise UserError(
                "NEST spikes at the maximum of the voltage, which has a reference for a constant input only; "
                "nestml has the model with a threshold"
            )
        v, dimension = model.system.threshold.variable, model.input_dimension
        value = f"({stimulus.values[0] * float(units.scale(dimension))!r}*{units.dimension_text(dimension)})"
        slope = language.read(model.equations, model.constants, model.name)[v].text
        if model.input:
            slope = re.sub(rf"\b{model.input}\b", value, slope)
        condition = f"{v} > {above!r}*mV and ({slope}) < 0*mV/ms"
        return model.replace(name=f"{model.name}_maximum", threshold=condition, refractory=condition)

    def operations(self, model: NeuronModel, method: str) -> float:
        """Return what NEST executes per neuron and step."""
        if self.schemes[method].controlled:
            return super().operations(model, method)
        found, dt = _FOUND[method](model), self.default_dt
        question = {
            "model": found.model,
            "parameters": {**found.settings, **found.parameters},
            "neurons": NEURONS,
            "pieces": [(float(dt), 0.0)],
            "runs": [{"dt": float(dt), "tics_per_ms": tics(dt)}],
            "count": "nestkernel_api.so",
        }
        return operations_of(
            version("nest-simulator"), self.text(model, method), lambda: ask(self.title, "run_nest.py", question)
        )

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Run with each dt in one process."""
        found = _FOUND[method](model)
        pieces, arrays = inputs_of(stimulus.scaled(found.scale), dts, of_generator)
        answer = ask(
            self.title,
            "run_nest.py",
            {
                "model": found.model,
                "parameters": {**found.settings, **found.parameters},
                "neurons": neurons,
                "pieces": pieces,
                "runs": [{"dt": float(dt), "tics_per_ms": tics(dt)} for dt in dts],
            },
            arrays,
        )
        text = self.text(model, method)
        return [
            EngineRun(on_the_grid(run["times"], dt), run["seconds"], run["built"], text, answer["version"])
            for dt, run in zip(dts, answer["runs"], strict=True)
        ]


def of_generator(stimulus: Stimulus, dt: Fraction) -> NDArray[np.float64]:
    """Return the value at the start of each step."""
    found: NDArray[np.float64] = at_steps(stimulus, dt)[0]
    return found


def tics(dt: Fraction) -> int:
    """Return into how many parts NEST must divide a ms so that dt is a whole number of them."""
    return dt.denominator * -(-_TICS // dt.denominator)


def _number(value: Expr, model: NeuronModel) -> float:
    return float(evaluate(value, model.parameter_values, FLOATS))


def _constant(value: Expr, model: NeuronModel) -> bool:
    return not names(value) - set(model.system.parameters)


def _sides(model: NeuronModel) -> Mapping[str, Expr]:
    return Derivatives(model.system, Draft(frozenset())).right_hand_sides


def _resets(model: NeuronModel) -> dict[str, Expr]:
    found = dict(model.system.reset)
    if len(found) != len(model.system.reset) or not _constant(model.system.threshold.level, model):
        raise NotApplicable("its reset or its threshold is not one of NEST's")
    return found


def _by_input(value: Expr, model: NeuronModel) -> tuple[float, float]:
    """Return (a, b) of ``a + b*input`` as numbers."""
    parts = (value, None) if not model.input else linear_parts(value, model.input)
    if parts is None or not all(each is None or _constant(each, model) for each in parts):
        raise NotApplicable("its input does not enter linearly")
    return _number(parts[0], model), 0.0 if parts[1] is None else _number(parts[1], model)


def _leaky(model: NeuronModel) -> Builtin:
    """Express a model with one leaky variable as iaf_psc_delta, with a capacitance of 1 pF."""
    system = model.system
    parts = affine_parts(_sides(model)[system.threshold.variable], system.state) if len(system.state) == 1 else None
    if parts is None:
        raise NotApplicable("NEST's iaf_psc_delta has one variable, and is linear")
    v = system.threshold.variable
    resets = _resets(model)
    if set(resets) != {v} or not _constant(resets[v], model):
        raise NotApplicable("NEST's iaf_psc_delta resets the voltage to a constant")
    rate = _number(parts[1][v], model) if v in parts[1] else 0.0
    if rate >= 0:
        raise NotApplicable("NEST's iaf_psc_delta is leaky")
    constant, scale = _by_input(parts[0], model)
    values = {
        "tau_m": -1 / rate,
        "C_m": 1.0,
        "t_ref": 0.0,
        "E_L": -constant / rate,
        "V_th": _number(system.threshold.level, model),
        "V_reset": _number(resets[v], model),
        "V_m": model.initial_values[v],
    }
    return Builtin("iaf_psc_delta", values, scale)


def _quadratic(model: NeuronModel, *, consistent: bool) -> Builtin:
    """Express a model with Izhikevich's equations of 2003 as izhikevich, whose constants are fixed."""
    system, refused = model.system, NotApplicable("NEST's izhikevich has the equations and constants of 2003")
    v = system.threshold.variable
    others = [name for name in system.state if name != v]
    sides, resets = _sides(model), _resets(model)
    parabola = coefficients(sides[v], v) or ()
    if len(others) != 1 or len(parabola) != 3 or set(resets) != {v, others[0]}:
        raise refused
    (u,) = others
    offset, recovery, jump = linear_parts(parabola[0], u), affine_parts(sides[u], (v, u)), linear_parts(resets[u], u)
    known = (*parabola[1:], resets[v], *(offset or ())[1:], *(jump or ()))
    if offset is None or recovery is None or jump is None or not all(_constant(each, model) for each in known):
        raise refused
    start, scale = _by_input(offset[0], model)
    slope, curve, sign = (_number(each, model) for each in (*parabola[1:], offset[1]))
    rest, slopes = recovery
    if not _constant(rest, model) or set(slopes) != {v, u} or not all(_constant(x, model) for x in slopes.values()):
        raise refused
    a, ab = -_number(slopes[u], model), _number(slopes[v], model)
    fixed = (curve, slope, start, sign, _number(rest, model), _number(jump[1], model))
    if any(abs(x - y) > 1e-12 * max(1, abs(y)) for x, y in zip(fixed, (0.04, 5, 140, -1, 0, 1), strict=True)) or a == 0:
        raise refused
    values = {
        "a": a,
        "b": ab / a,
        "c": _number(resets[v], model),
        "d": _number(jump[0], model),
        "V_th": _number(system.threshold.level, model),
        "V_m": model.initial_values[v],
        "U_m": model.initial_values[u],
    }
    return Builtin("izhikevich", values, scale, settings={"consistent_integration": consistent})


def _is(model: NeuronModel, name: str) -> bool:
    """Whether a model has the equations of one of the catalogue, with any parameters."""
    known = MODELS[name]
    return all(getattr(model, each) == getattr(known, each) for each in ("equations", "threshold", "reset", "input"))


def _by_solver(model: NeuronModel) -> Builtin:
    """Express AdEx as aeif_psc_delta, Hodgkin-Huxley as hh_psc_alpha, Traub-Miles as hh_cond_exp_traub."""
    given = {**model.constants, **model.parameters}
    if _is(model, "adex"):
        values = {
            "C_m": float(given["C"] / pF),
            "g_L": float(given["gL"] / nS),
            "E_L": float(given["EL"] / mV),
            "V_th": float(given["VT"] / mV),
            "Delta_T": float(given["DeltaT"] / mV),
            "a": float(given["a"] / nS),
            "tau_w": float(given["tauw"] / ms),
            "b": float(given["b"] / pA),
            "V_reset": float(given["Vr"] / mV),
            "V_peak": float(given["Vcut"] / mV),
            "t_ref": 0.0,
            "V_m": model.initial_values["v"],
            "w": model.initial_values["w"] * 1e6,  # the internal unit of a current is uA
        }
        return Builtin("aeif_psc_delta", values, 1e6)
    if not (_is(model, "hodgkin_huxley") or _is(model, "traub_miles")):
        raise NotApplicable(
            "NEST has no model with these equations among aeif_psc_delta, hh_psc_alpha, hh_cond_exp_traub"
        )
    values = {
        "C_m": float(given["C"] * _AREA / pF),
        **{f"g_{name}": float(given[f"g{name}"] * _AREA / nS) for name in ("Na", "K", "L")},
        **{f"E_{name}": float(given[f"E{name}"] / mV) for name in ("Na", "K", "L")},
        "V_m": model.initial_values["v"],
        "Act_m": model.initial_values["m"],
        "Inact_h": model.initial_values["h"],
        "Act_n": model.initial_values["n"],
    }
    if _is(model, "hodgkin_huxley"):
        return Builtin("hh_psc_alpha", values, 100.0, 0.0)
    threshold = float(given["VT"] / mV)
    return Builtin("hh_cond_exp_traub", {**values, "V_T": threshold}, 100.0, threshold + 30)


_FOUND: Mapping[str, Callable[[NeuronModel], Builtin]] = {
    "exact": _leaky,
    "euler": lambda model: _quadratic(model, consistent=True),
    "izhikevich2003": lambda model: _quadratic(model, consistent=False),
    "rkf45": _by_solver,
}

ENGINES.register(Nest())
