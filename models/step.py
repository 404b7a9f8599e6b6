"""One time step of a model under a method and a spike detection: the thing that is counted and that runs.

Times within the step are fractions of it. The blocks use these names beside the model's own:

- ``dt``: length in ms of the piece of the step that is being integrated; ``step``: that of the whole step;
- ``done``: fraction of the step that was done before that piece; ``elapsed``: fraction up to the spike;
- ``rest``: length in ms of what is left after it;
- ``left``: steps of refractoriness that are left; ``v_next``, ``v_reset``, ``v_held``: new values of ``v``.

Where the input varies within a step, ``I`` is its value at the start of that piece, ``I_mid`` at its middle and
``I_end`` at its end; ``I_first``, ``I_half`` and ``I_last`` are those of the whole step. A piece that is not the whole
step has its values from the parabola through these three, which keeps a method's order up to 4: such a piece comes but
once a spike. They are computed in the blocks that end a piece, as ``I_rest`` and ``I_mid_rest``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .adaptive import why_not
from .catalogue import get_model
from .detection import DETECTIONS, Crossing, Detection
from .domain import check_domain
from .expression import Expr, Var, at_most, less
from .methods import ADAPTIVE, METHODS, Method
from .neuron import INPUT_ENDINGS, NeuronModel
from .program import END, MIDDLE, START, Derivatives, NotApplicable, Program, Vector, substitute
from .simplify import Assign, Block, lower

#: So many Steps are kept, those used last: a method on a model is asked for again and again.
MOST_KEPT = 4096


@dataclass(frozen=True)
class Step:
    """Flat assignments after common-subexpression elimination; see the module for the names in them."""

    model: NeuronModel
    method: str
    detection: str
    once: Block
    """From dt and parameters alone: done once a run, and again for a partial step."""
    advance: Block
    """From the state to ``*_next`` and the `conditions`."""
    conditions: tuple[str, ...]
    """A spike is found where all of these hold; they are assigned in `advance`."""
    spike: Block
    """Locating the crossing (``elapsed``), ``*_reset`` and, if the step restarts, ``rest``."""
    check: Block
    """``waiting``: whether the neuron is refractory. Empty for a model that never is."""
    pause: Block
    """A step (or the rest of one) spent refractory: ``left_next`` and ``*_held``."""
    resume: Block
    """A step in which refractoriness ends: ``ends``, ``elapsed``, ``rest`` and ``*_held``. Empty on the grid."""
    restarts: bool
    """Whether the rest of a step is integrated after a spike."""
    varying: bool
    """Whether the input may vary within a step."""
    written: tuple[Assign, ...]
    """The step without a spike as written: published equations, nothing simplified."""

    @property
    def state(self) -> tuple[str, ...]:
        """State variables."""
        return self.model.system.state

    @property
    def parameters(self) -> tuple[str, ...]:
        """Per-neuron parameters."""
        return self.model.system.parameters

    @property
    def held_variables(self) -> tuple[str, ...]:
        """State variables that go on while the neuron is refractory."""
        return tuple(name for name in self.state if f"{name}_held" in self.pause.targets)


def make_step(model: str | NeuronModel, method: str, detection: str = "grid", varying: bool = False) -> Step:
    """Derive the time step of a model.

    Parameters
    ----------
    model : str or NeuronModel
    method, detection : str
    varying : bool
        Whether the input may vary within a step; if not, it is one value a step.

    Raises
    ------
    UserError
        If the model, the method or the detection is not known, or the equations have no value (`domain`).
    NotApplicable
        If the method cannot integrate the model.
    """
    model = get_model(model)
    check_domain(model)
    why = _why_not(model, METHODS[method], DETECTIONS["grid"])
    if why:
        others = ", ".join(name for name in METHODS if not applies(model, name))
        raise NotApplicable(f"{method} does not apply to {model.label}: {why}; take {others}")
    why = _why_not(model, METHODS[method], DETECTIONS[detection])
    if why:
        others = " or ".join(name for name in DETECTIONS if not applies(model, method, name))
        raise NotApplicable(f"{method} cannot be used with detection {detection}: {why}; take {others}")
    return _made(model, METHODS[method], DETECTIONS[detection], varying)


@lru_cache(MOST_KEPT)
def _made(model: NeuronModel, method: Method, detection: Detection, varying: bool) -> Step:
    maker = _Maker(model, method, detection, varying)
    once, advance = maker.advance()
    check, pause, resume = maker.refractory() if model.refractory_ms else (Block(), Block(), Block())
    return Step(
        model=model,
        method=method.name,
        detection=detection.name,
        once=once,
        advance=advance,
        conditions=maker.conditions,
        spike=maker.spike(),
        check=check,
        pause=pause,
        resume=resume,
        restarts=maker.restarts,
        varying=varying,
        written=maker.written(),
    )


def applies(model: NeuronModel, method: str, detection: str = "grid", varying: bool = False) -> str:
    """Return why a method, adaptive or not, does not apply to a model with a detection; empty if it does."""
    if method in ADAPTIVE:
        return why_not(model, method, detection, varying)
    return _why_not(model, METHODS[method], DETECTIONS[detection])


@lru_cache(MOST_KEPT)
def _why_not(model: NeuronModel, method: Method, detection: Detection) -> str:
    try:
        maker = _Maker(model, method, detection)
        maker.proposal()
        maker.located()
    except NotApplicable as error:
        return str(error)
    return ""


class _Maker:
    def __init__(self, model: NeuronModel, method: Method, detection: Detection, varying: bool = False) -> None:
        self._model = model
        self._varying = varying
        self._system = model.system
        self._method = method
        self._detection = detection
        self.restarts = self._detection.restarts and model.spike_interrupts
        self._dt = Var("dt")
        self._x = Vector({name: Var(name) for name in self._system.state})
        self._fixed = frozenset({"dt", *self._system.parameters})
        self.conditions = ("above", "was_below") if model.spike_is_crossing else ("above",)

    def proposal(self) -> tuple[Program, Vector]:
        """Return the state that the method proposes for the step's end, not simplified."""
        program = self._program()
        return program, self._method.advance(self._x, self._dt, self._derivatives(program))

    def located(self) -> tuple[Program, Expr, Vector]:
        """Return the crossing and the state there, not simplified."""
        program = self._program(*(f"{name}_next" for name in self._system.state), "done", "step")
        end = Vector({name: Var(f"{name}_next") for name in self._system.state})
        theta, at = self._detection.locate(Crossing(
            self._x, end, self._dt, self._derivatives(program), self._system.threshold, program,
            starts_below=self._model.steps_start_below,
        ))
        return program, theta, at

    def advance(self) -> tuple[Block, Block]:
        program, after = self.proposal()
        outputs = {f"{name}_next": value for name, value in after.items()}
        outputs |= self._conditions(after)
        return lower(program, outputs, self._fixed)

    def written(self) -> tuple[Assign, ...]:
        program = self._program()
        after = self._method.advance(self._x, self._dt, Derivatives(self._model.system_as_published, program))
        outputs = {f"{name}_next": value for name, value in after.items()}
        # the threshold once: that a spike without reset is a crossing is our rule, not the paper's
        proposed = Vector({name: Var(f"{name}_next") for name in self._system.state})
        outputs["above"] = self._conditions(proposed)["above"]
        return tuple(Assign(name, value) for name, value in (program.assignments | outputs).items())

    def spike(self) -> Block:
        program, theta, at = self.located()
        outputs: dict[str, Expr] = {"elapsed": theta}
        if self.restarts:
            done = Var("done")
            elapsed = program.let("elapsed", done + theta * (1 - done))
            outputs = {"elapsed": elapsed, "rest": (1 - elapsed) * Var("step"), **self._rest_of_input(program, elapsed)}
        values: dict[str, Expr] = dict(at)
        for name, value in self._system.reset:
            values[name] = program.let(f"{name}_new", substitute(value, values))
        if self.restarts or self._system.reset:
            outputs |= {f"{name}_reset": values[name] for name in self._system.state}
        return lower(program, outputs)[1]

    def refractory(self) -> tuple[Block, Block, Block]:
        left, done, step = Var("left"), Var("done"), Var("step")
        check = lower(self._program("left"), {"waiting": less(0, left)})[1]
        if not self.restarts:
            pause = self._held(self._program("left", "done", "step"), step, {"left_next": left - 1})
            return check, pause, Block()
        remaining = 1 - done
        pause = self._held(self._program("left", "done", "step"), remaining * step, {"left_next": left - remaining})
        program = self._program("left", "done", "step")
        after = program.let("elapsed", done + left)
        ends: dict[str, Expr] = {"ends": less(left, remaining), "elapsed": after, "rest": (1 - after) * step,
                                 **self._rest_of_input(program, after)}
        inputs = None
        if self._varying:
            inputs = {START: Var(self._model.input), MIDDLE: self._input_at(program, done + left / 2),
                      END: self._input_at(program, after)}
        return check, pause, self._held(program, left * step, ends, inputs)

    def _held(self, program: Program, dt: Expr, outputs: dict[str, Expr], inputs: dict[Fraction, Expr] | None = None
              ) -> Block:
        f = self._derivatives(program, self._system.held, inputs)
        if set(self._system.state) != set(self._system.held):
            after = self._method.advance(self._x, program.let("held", dt), f)
            outputs = outputs | {f"{n}_held": after[n] for n in self._system.state if n not in self._system.held}
        return lower(program, outputs)[1]

    def _program(self, *more: str) -> Program:
        within = [f"{self._model.input}{ending}" for ending in INPUT_ENDINGS] if self._varying else []
        return Program(frozenset({*self._system.dimensions, "dt", *within, *more}) - set(self._system.subexpressions))

    def _derivatives(self, program: Program, held: frozenset[str] = frozenset(),
                     inputs: dict[Fraction, Expr] | None = None) -> Derivatives:
        name = self._model.input
        if self._varying and inputs is None:
            inputs = {START: Var(name), MIDDLE: Var(f"{name}_mid"), END: Var(f"{name}_end")}
        return Derivatives(self._system, program, held, inputs, name)

    def _rest_of_input(self, program: Program, after: Expr) -> dict[str, Expr]:
        """Return the input at the start and the middle of what is left after a fraction of the step."""
        if not self._varying:
            return {}
        name = self._model.input
        return {f"{name}_rest": self._input_at(program, after),
                f"{name}_mid_rest": self._input_at(program, (after + 1) / 2)}

    def _input_at(self, program: Program, fraction: Expr) -> Expr:
        """Return the input at a fraction of the step, from the parabola through its three values."""
        first, half, last = (Var(f"{self._model.input}_{at}") for at in ("first", "half", "last"))
        bend = program.let("bend", 2 * (first + last) - 4 * half)
        x = program.let("place", fraction)
        return first + x * (last - first - bend * (1 - x))

    def _conditions(self, proposed: Vector) -> dict[str, Expr]:
        threshold = self._system.threshold
        inclusive = threshold.comparison == ">="
        level = substitute(threshold.level, proposed)
        conditions: dict[str, Expr] = {
            "above": (at_most if inclusive else less)(level, proposed[threshold.variable])}
        if self._model.spike_is_crossing:
            conditions["was_below"] = (less if inclusive else at_most)(Var(threshold.variable), threshold.level)
        return conditions
