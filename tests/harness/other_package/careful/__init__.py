"""Another author's package with three methods: two of fixed step (one without our class) and one in blocks."""

from fractions import Fraction

from spikecost.models.algebra.draft import Derivatives, Vector
from spikecost.models.algebra.expression import Var, expr, less
from spikecost.models.algebra.simplify import lower
from spikecost.models.methods import FixedStep, InBlocks, Template
from spikecost.models.methods.kinds import events

#: A step is corrected if two half steps differ from a whole step by more than this.
ROUGH = Fraction(1, 100)


class Ralston(FixedStep):
    """Ralston's method of order 2."""

    name = "ralston"
    order = 2

    def advance(self, x, dt, f):
        """Return the state at t + dt."""
        k1 = f(x)
        return x + dt / 4 * (k1 + 3 * f(x + dt * Fraction(2, 3) * k1))


class Plain:
    """Euler, written without the base class."""

    name = "plain"
    order = 1
    brian2 = ""

    def advance(self, x, dt, f):
        """Return the state at t + dt."""
        return x + dt * f(x)


class Careful(InBlocks):
    """Two half steps of Euler; extrapolated with a whole step if they differ much from it."""

    name = "careful"
    order = 1
    knob = "dt"
    varying = False
    detections = ("grid",)
    template = Template("careful", "careful.c.j2")
    extras = ("accepted", "corrected")
    at_spikes = ("reset",)

    def why_not_model(self, model):
        """Return why the method cannot integrate a model; empty if it can."""
        return "it knows no refractoriness" if model.refractory_ms else ""

    def blocks(self, model, detection, varying):
        """Return the blocks of the kernel."""
        state, v = model.system.state, model.system.threshold.variable
        made = events.draft(model)
        f, x, dt = Derivatives(model.system, made), Vector({name: Var(name) for name in state}), Var("dt")
        k1 = f(x)
        whole = f.let(x + dt * k1)
        half = f.let(x + dt / 2 * k1)
        fine = f.let(half + dt / 2 * f(half))
        outputs = {f"_whole_{name}": whole[name] for name in state} | {f"_fine_{name}": fine[name] for name in state}
        outputs["_rough"] = less(expr(ROUGH), events.absolute(fine[v] - whole[v]))
        better = {f"{name}_next": 2 * Var(f"_fine_{name}") - Var(f"_whole_{name}") for name in state}
        return {
            "attempt": lower(made, outputs)[1],
            "correct": events.block(
                model, better, *(f"_fine_{name}" for name in state), *(f"_whole_{name}" for name in state)
            ),
            "threshold": events.threshold(model),
            "reset": events.reset(model),
        }


ralston, plain, careful = Ralston(), Plain(), Careful()
