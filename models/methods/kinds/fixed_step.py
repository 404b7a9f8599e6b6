"""Fixed-step methods: straight-line assignments that are the same for every step.

Times within the step are fractions of the step. In addition to the model's names, the blocks use these names:

- ``dt``: length in ms of the piece of the step that is being integrated; ``step``: length of the whole step;
- ``done``: fraction of the step that was done before that piece; ``elapsed``: fraction up to the spike;
- ``rest``: length in ms of the part of the step after the spike;
- ``xi`` and other sources of noise: the mean of the noise over the whole step, the increment of the Brownian path
  divided by ``step``; ``randn_1`` and other random numbers (`models.definition.language.noise`);
- ``t``: the time in ms, or the number of steps if every step is whole (`counts_steps`);
- ``left``: number of refractory steps that are left; ``left_new``: the same after a spike, if it is no constant;
- ``v_next``, ``v_reset``, ``v_held``: new values of ``v``.

If the input varies within a step, ``I`` is its value at the start of that piece, ``I_mid`` at its middle and ``I_end``
at its end; ``I_first``, ``I_half`` and ``I_last`` are the values for the whole step. If a piece is not the whole step,
its values come from the parabola through these three. This keeps orders of up to 4, because there is only one such
piece per spike. The values are computed in the blocks that end a piece, as ``I_rest`` and ``I_mid_rest``.

The blocks are

- ``once``: everything that depends only on dt and parameters; runs once per run, and again for a partial step;
- ``check``: ``waiting``, whether the neuron is refractory; empty for a model that is never refractory;
- ``advance``: from the state to ``*_next`` and the `conditions`;
- ``spike``: location of the crossing (``elapsed``), ``*_reset`` and, if the step restarts, ``rest``;
- ``pause``: a step (or the rest of a step) spent refractory: ``left_next`` and ``*_held``;
- ``resume``: a step in which refractoriness ends: ``ends``, ``elapsed``, ``rest`` and ``*_held``; empty on the grid;
- those of arriving spikes (`arrivals`). If they cut the step, a piece ends at the fraction ``_until``, and the block
  ``piece`` gives its length and its input; ``at once`` is the reset of a neuron that an arrival lifts above threshold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from ...algebra.draft import END, MIDDLE, START, Derivatives, Draft, NotApplicable, Vector, substitute
from ...algebra.expression import Expr, Op, Var, at_most, expr, less
from ...algebra.simplify import Assign, Block, lower
from ...definition.language.names import LAST_SPIKE, TIME
from ...definition.neuron import NeuronModel
from ...definition.step_names import INPUT_ENDINGS
from ...detection import DETECTIONS, Crossing, Detection
from . import arrivals, events, noise
from .base import Step, Template


class FixedStep(ABC):
    """A method with identical steps; a subclass defines `name`, `order` and `advance`."""

    name: str
    order: float
    brian2 = ""
    source = ""
    order_alone: float = 0
    usual = True
    interpretation = ""
    """The interpretation of noise whose factor depends on the state that it solves; empty if it solves none."""
    without_noise = ""
    """The method that this is on a model without noise; empty if it is itself."""
    knob = "dt"
    steps_alike = True
    dense_output = False
    template = Template(
        "spikecost.models.methods.kinds",
        "fixed_step.c.j2",
        functions=False,
        in_lanes=True,
        sampled_input=True,
        any_format=True,
    )
    extras: tuple[str, ...] = ("accepted",)
    at_spikes: Collection[str] = ("spike", "spike at an arrival")

    def __repr__(self) -> str:
        return f"<method {self.name}>"

    @abstractmethod
    def advance(self, x: Vector, dt: Expr, f: Derivatives) -> Vector:
        """Return the state at t + dt.

        Parameters
        ----------
        x : Vector
            State at t.
        dt : Expr
            Step in ms.
        f : Derivatives
            ``f(x)`` is dx/dt per ms.

        Raises
        ------
        NotApplicable
            If the method cannot integrate this right-hand side.
        """

    def why_not(self, model: NeuronModel, detection: str, varying: bool) -> str:
        """Return why the method cannot be used with a model and a detection; empty if it can."""
        del varying  # these methods use the input at the start, the middle and the end of a step
        if reason := noise.why_not(model, self.interpretation):
            return reason
        if DETECTIONS[detection].restarts and (reason := events.why_not_located_end(model)):
            return reason
        if DETECTIONS[detection].restarts and (reason := events.why_not_between(model)):
            return reason
        maker = _Maker(model, self, DETECTIONS[detection])
        try:
            maker.proposal()
            maker.located()
        except NotApplicable as error:
            return str(error)
        return ""

    def counts_steps(self, model: NeuronModel, detection: str) -> bool:
        """Whether the kernel's variable for the time is a number of steps."""
        return counts_steps(model, DETECTIONS[detection])

    def blocks(self, model: NeuronModel, detection: str, varying: bool) -> Mapping[str, Block]:
        """Return the blocks of a step; see the docstring of the module."""
        maker = _Maker(model, self, DETECTIONS[detection], varying)
        once, advance = maker.advance()
        check, pause, resume = maker.refractory() if model.is_refractory_at_times else (Block(), Block(), Block())
        found = {
            "once": once,
            "check": check,
            "advance": advance,
            "spike": maker.spike(),
            "pause": pause,
            "resume": resume,
        }
        if maker.cuts:
            found["piece"] = maker.piece()
            if arrivals.may_jump(model) and model.spike_interrupts:
                found["at once"] = events.reset(model, **maker.until())
        return found | arrivals.blocks(model, exact=maker.cuts, counts_steps=maker.counts_steps)

    def written(self, model: NeuronModel) -> tuple[Assign, ...]:
        """Return a step without a spike as written: the published equations without simplification."""
        return _Maker(model, self, DETECTIONS["grid"]).written()

    def parts(self, step: Step) -> Mapping[str, tuple[str, ...]]:
        """Return the blocks that run together.

        A spike adds the rest of its step, which is integrated again or spent refractory.
        """
        waits = ("check", "resume", "pause")
        ends = ("check", "resume", "once", "advance")
        rest = waits if step.blocks["check"].assignments else ("once", "advance")
        found: dict[str, tuple[str, ...]] = {
            "step": ("check", "advance"),
            "spike": ("spike", *(rest if step.restarts else ())),
            "refractory step": waits,
            "once per run": ("once",),
        }
        if step.model.system.sampled:
            found[noise.HELD] = ()
        if step.model.arrivals:
            before = ("check",) if step.cuts and arrivals.ask(step.model) else ()
            found |= {name: (*before, name) for name in step.blocks if name in arrivals.of_statements(step.blocks)}
        if step.restarts and events.tallies_waits(step.model):
            found["refractory end"] = ends
        if step.cuts:
            found |= {
                "refractory end": ends,
                "cut": ("piece",),
                "cut once": ("once",),
                "piece": ("check", "advance"),
                "refractory piece": waits,
                "refractory end in a piece": ends,
                "jump": tuple(name for name in ("jump",) if name in step.blocks),
                "spike at an arrival": tuple(name for name in ("at once",) if name in step.blocks),
            }
        return found

    def tallied(self, step: Step) -> tuple[str, ...]:
        """Return what runs at arrivals and while the neuron is refractory, if that does not follow from the spikes."""
        if not events.tallies_waits(step.model):
            return ()
        return tuple(name for name in self.parts(step) if name not in ("step", "spike", "once per run", noise.HELD))

    def tallies(
        self, step: Step, kept: Mapping[str, int], steps: float, spikes: int, horizon: float
    ) -> Mapping[str, float]:
        """Return the tallies of a run, which follow from its steps and spikes, and from the kernel's at arrivals.

        A constant refractory time is the same for each spike. What runs once per run is not tallied: it is not a cost
        per ms, because a run may have any length.
        """
        held = {noise.HELD: horizon / float(step.model.sampling_ms)} if step.model.system.sampled else {}
        if events.tallies_waits(step.model):
            free = steps - kept["refractory step"] - kept.get("refractory end", 0)
            located = spikes - kept.get("spike at an arrival", 0)
            return {"step": free, "spike": located, **kept, **held, "accepted": steps}
        share = min(spikes / horizon * step.model.refractory_ms, 1)
        return {
            "step": (1 - share) * steps,
            "spike": spikes,
            "refractory step": share * steps,
            **held,
            "accepted": steps,
        }

    def given(self, step: Step) -> Mapping[str, Any]:
        """Return the variables that the template needs."""
        return {
            "spiked": events.spiked(step.model, "@_"),
            "above": events.holds(step.model, "@_"),
            "jumped": events.spiked(step.model, "_@_"),
            "was_below": events.was_below(step.model, "@_"),
            "crosses": step.model.spike_is_crossing,
            "conditions": conditions(step.model),
            "resets": bool(step.model.system.reset),
            "moving": events.moving(step.model) if step.model.is_refractory_at_times else (),
            "tallies_waits": events.tallies_waits(step.model),
            "after_spike": events.after_spike(step.model),
            "asks_always": events.asks_always(step.model),
            "latches_wait": step.model.system.refractory is not None
            and step.model.system.refractory.condition is not None,
            "may_jump": arrivals.may_jump(step.model),
            "jumps": "jump" in step.blocks,
            "voltage": step.model.system.threshold.variable,
            "asks": step.cuts and arrivals.ask(step.model),
            "kept": events.kept(step.model),
            "interrupts": step.model.spike_interrupts,
            "tallied": {name: place for place, name in enumerate(self.tallied(step))},
        }


def conditions(model: NeuronModel) -> tuple[str, ...]:
    """Return the targets of `advance` that decide whether there is a spike in a step."""
    return events.conditions(model, "")


def counts_steps(model: NeuronModel, detection: Detection) -> bool:
    """Whether the kernel's variable for the time is a number of steps: if all steps are whole, as on the grid.

    The time is then the number of steps times dt, exactly as in Brian2: a sum of steps would differ by its rounding. As
    in Brian2, the threshold and the reset see the time at the start of the step.
    """
    parts = detection.restarts and (model.spike_interrupts or bool(model.arrivals))
    return TIME in model.system.state and not parts


class _Maker:
    def __init__(self, model: NeuronModel, method: FixedStep, detection: Detection, varying: bool = False) -> None:
        self._model = model
        self._varying = varying
        self._system = model.system
        self._method = method
        self._detection = detection
        self.restarts = self._detection.restarts and model.spike_interrupts
        self.cuts = self._detection.restarts and bool(model.arrivals)
        self._until: Expr = Var("_until") if self.cuts else expr(1)
        """The end of the piece that is integrated, as a fraction of the step."""
        self._dt = Var("dt")
        self._x = Vector({name: Var(name) for name in self._system.state})
        self.counts_steps = counts_steps(model, detection)
        if self.counts_steps:
            self._x = self._x | {TIME: Var(TIME) * self._dt}
        self._fixed = frozenset({"dt", *self._system.parameters})

    def proposal(self) -> tuple[Draft, Vector]:
        """Return the state that the method proposes for the end of the step, not simplified."""
        draft = self._draft()
        return draft, self._method.advance(self._x, self._dt, self._derivatives(draft))

    def located(self) -> tuple[Draft, Expr, Vector]:
        """Return the crossing and the state there, not simplified."""
        draft = self._draft(*(f"{name}_next" for name in self._system.state), "done", "step", "_until")
        end = Vector({name: Var(f"{name}_next") for name in self._system.state})
        if self.counts_steps:
            end = end | {TIME: Var(f"{TIME}_next") * self._dt}
        theta, at = self._detection.locate(
            Crossing(
                self._x,
                end,
                self._dt,
                self._derivatives(draft),
                self._system.threshold,
                draft,
                starts_below=self._model.steps_start_below,
            )
        )
        return draft, theta, at

    def advance(self) -> tuple[Block, Block]:
        draft, after = self.proposal()
        outputs = {f"{name}_next": value for name, value in after.items()}
        if self.counts_steps:
            outputs[f"{TIME}_next"] = Var(TIME) + 1
            after = after | {
                TIME: self._x[TIME] if not self._detection.restarts else outputs[f"{TIME}_next"] * self._dt
            }
        outputs |= self._conditions(after)
        return lower(draft, outputs, self._fixed)

    def written(self) -> tuple[Assign, ...]:
        draft = self._draft()
        plain = Vector({name: Var(name) for name in self._system.state})
        after = self._method.advance(plain, self._dt, Derivatives(self._model.system_as_published, draft))
        outputs = {f"{name}_next": value for name, value in after.items()}
        # one test of the threshold: papers do not have our rule that a spike without reset is a crossing
        proposed = Vector({name: Var(f"{name}_next") for name in self._system.state})
        outputs |= {
            name: value for name, value in self._conditions(proposed).items() if name in events.above(self._model)
        }
        return tuple(Assign(name, value) for name, value in (draft.assignments | outputs).items())

    def spike(self) -> Block:
        draft, theta, at = self.located()
        outputs: dict[str, Expr] = {"elapsed": theta}
        if self.restarts or self.cuts:
            done, until = Var("done"), self._until
            elapsed = draft.let("elapsed", done + theta * (until - done))
            outputs = {"elapsed": elapsed}
        if self.restarts:
            outputs |= {"rest": (until - elapsed) * Var("step"), **self._rest_of_input(draft, elapsed)}
        values: dict[str, Expr] = dict(at)
        if self.counts_steps:
            values[TIME] = arrivals.at_the_start(self._dt) if self._model.arrivals else self._x[TIME]
        for name, value in self._system.reset:
            values[name] = draft.let(f"{name}_new", substitute(value, values))
        if self.restarts or self._system.reset:
            outputs |= {f"{name}_reset": values[name] for name in self._system.state}
        outputs |= self.until(values)
        if self.counts_steps and f"{TIME}_reset" in outputs:
            outputs[f"{TIME}_reset"] = Var(f"{TIME}_next")
        return lower(draft, outputs)[1]

    def refractory(self) -> tuple[Block, Block, Block]:
        left, done, step = Var("left"), Var("done"), Var("step")
        check = lower(self._draft("left"), {"waiting": self._waits(left)})[1]
        if not self.restarts:
            until = self._system.refractory
            after: Expr = left - 1 if until is None or until.settled else left
            pause = self._held(self._draft("left", "done", "step"), step, {"left_next": after})
            return check, pause, Block()
        remaining = self._until - done
        pause = self._held(
            self._draft("left", "done", "step", "_until"), remaining * step, {"left_next": left - remaining}
        )
        draft = self._draft("left", "done", "step", "_until")
        after = draft.let("elapsed", done + left)
        ends: dict[str, Expr] = {
            "ends": less(left, remaining),
            "elapsed": after,
            "rest": (self._until - after) * step,
            **self._rest_of_input(draft, after),
        }
        inputs = None
        if self._varying:
            inputs = {
                START: Var(self._model.input),
                MIDDLE: self._input_at(draft, done + left / 2),
                END: self._input_at(draft, after),
            }
        return check, pause, self._held(draft, left * step, ends, inputs)

    def until(self, values: Mapping[str, Expr] | None = None) -> dict[str, Expr]:
        """Return for how many steps the neuron is refractory after a spike, if the spike decides it.

        `values` is the state after the reset, by default the names that events give it (`events.reset`).
        """
        until = self._system.refractory
        if until is None or not until.settled:
            return {}
        names = {name: Var(f"{name}_reset") for name in self._system.state} if values is None else values
        steps = substitute(until.value, names) / Var("step" if self.restarts else "dt")
        return {"left_new": steps if self.restarts else events.whole_steps(steps) - 1}

    def _waits(self, left: Expr) -> Expr:
        """Return whether the neuron is refractory at the start of a step."""
        until = self._system.refractory
        if until is None or until.settled:
            return less(0, left)
        if until.condition is not None:
            return Op("and", (less(0, left), substitute(until.condition, self._x)))
        # as in Brian2, which compares whole numbers of steps
        since, longest = (self._x[TIME] - self._x[LAST_SPIKE]) / self._dt, substitute(until.value, self._x) / self._dt
        return less(events.whole_steps(since), events.whole_steps(longest))

    def _held(
        self, draft: Draft, dt: Expr, outputs: dict[str, Expr], inputs: dict[Fraction, Expr] | None = None
    ) -> Block:
        f = self._derivatives(draft, self._system.held, inputs, waits=True)
        if set(self._system.state) != set(self._system.held):
            after = self._method.advance(self._x, draft.let("held", dt), f)
            outputs = outputs | {f"{n}_held": after[n] for n in self._system.state if n not in self._system.held}
        if self.counts_steps:
            outputs = outputs | {f"{TIME}_held": Var(TIME) + 1}
        return lower(draft, outputs)[1]

    def _draft(self, *more: str) -> Draft:
        within = [f"{self._model.input}{ending}" for ending in INPUT_ENDINGS] if self._varying else []
        inputs = {*self._system.dimensions, *self._system.random, "dt", *within, *more}
        return Draft(frozenset(inputs) - set(self._system.subexpressions))

    def _derivatives(
        self,
        draft: Draft,
        held: frozenset[str] = frozenset(),
        inputs: dict[Fraction, Expr] | None = None,
        *,
        waits: bool = False,
    ) -> Derivatives:
        name = self._model.input
        if self._varying and inputs is None:
            inputs = {START: Var(name), MIDDLE: Var(f"{name}_mid"), END: Var(f"{name}_end")}
        system = self._system.while_refractory if waits else self._system
        return Derivatives(system, draft, held, inputs, name)

    def _rest_of_input(self, draft: Draft, after: Expr) -> dict[str, Expr]:
        """Return the input at the start and the middle of the part of the step after a fraction."""
        if not self._varying:
            return {}
        name = self._model.input
        return {
            f"{name}_rest": self._input_at(draft, after),
            f"{name}_mid_rest": self._input_at(draft, (after + self._until) / 2),
        }

    def piece(self) -> Block:
        """Return the length and the input of the piece from ``done`` to ``_until``."""
        draft, done, until = self._draft("done", "step", "_until"), Var("done"), self._until
        outputs: dict[str, Expr] = {"dt": (until - done) * Var("step")}
        if self._varying:
            outputs |= {**self._rest_of_input(draft, done), f"_{self._model.input}_end": self._input_at(draft, until)}
        return lower(draft, outputs)[1]

    def _input_at(self, draft: Draft, fraction: Expr) -> Expr:
        """Return the input at a fraction of the step, from the parabola through its three values."""
        first, half, last = (Var(f"{self._model.input}_{at}") for at in ("first", "half", "last"))
        bend = draft.let("bend", 2 * (first + last) - 4 * half)
        x = draft.let("place", fraction)
        return first + x * (last - first - bend * (1 - x))

    def _conditions(self, proposed: Vector) -> dict[str, Expr]:
        threshold = self._system.threshold
        if threshold.condition is not None:
            found = events.comparisons(self._model, proposed)
            return found | (events.comparisons(self._model, {}, "was_") if self._model.spike_is_crossing else {})
        inclusive = threshold.comparison == ">="
        level = substitute(threshold.level, proposed)
        conditions: dict[str, Expr] = {"above": (at_most if inclusive else less)(level, proposed[threshold.variable])}
        if self._model.spike_is_crossing:
            conditions["was_below"] = (less if inclusive else at_most)(Var(threshold.variable), threshold.level)
        return conditions
