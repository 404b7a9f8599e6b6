"""C source of the kernels of adaptive methods, printed from their blocks.

The control flow of each method is a template of its own; each block is a C function (`blocks.c.j2`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from functools import cache, partial
from itertools import compress
from operator import not_
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..flops.toolchain import SCALAR
from ..models import events
from ..models.adaptive import AdaptiveStep
from ..models.detection import DETECTIONS
from ..models.expression import Op, Var, names
from ..models.methods.dormand_prince import GROW, input_nodes
from ..models.methods.parker_sochacki import HIGHEST_ORDER, input_terms, orders
from ..models.neuron import RESERVED_ENDINGS
from ..models.simplify import Block
from .c_source import c_block, c_prelude, c_tables
from .stimuli import Shape

#: Newton's iterations for a crossing end here at the latest: bisection alone would be at round-off.
MOST_ITERATIONS = 60
#: What a kernel leaves in `spikes.stuck` where there were more spikes than are kept.
TOO_MANY_SPIKES = 1
#: Why else it gave up.
FAILURES = {2: "step too small", 3: "steps without end"}
#: A step that is halved so often and whose series has not ended yet is given up.
MOST_HALVINGS = 40
#: Tallies that are of no block: steps, and those among them (or beside them) that were made smaller.
EXTRAS = {"dormand_prince": ("accepted", "rejected"), "parker_sochacki": ("accepted", "divided")}
#: Numbers that a piece of the stimulus takes: those of its shape, and whether it varies.
PIECE = len(fields(Shape)) + 1
#: Names that the templates use in any case.
_MEMBERS = ("dt", "_now", "_target", "_end", "_span", "_step", "_s", "_at", "_before", "_refractory")

_HEAD = """\
#define MOST_ITERATIONS {most_iterations}
enum {{ TOO_MANY_SPIKES = 1, STEP_TOO_SMALL, TOO_MANY_STEPS }};

/* A piece of the stimulus is PIECE numbers: those of its shape, and as bits whether it varies. To evaluate a stimulus
   is not the model's cost; a constant one executes no floating-point operation here. */
#define PIECE {piece}
static inline int varies(const double *piece)
{{
    long bits;
    __builtin_memcpy(&bits, piece + PIECE - 1, sizeof bits);
    return bits != 0;
}}
static inline double input_at(const double *p, double s)
{{
    if (!varies(p)) return p[0];
    return p[0] + p[1] * s + p[2] * exp(-s / p[3]) + p[4] * sin(p[5] + (p[6] + p[7] * s) * s);
}}
/* The input after so many steps and a part of one. Functions apart: nothing of it runs where the piece is constant. */
static __attribute__((noinline, unused)) double input_after(const double *p, long steps, double part, double step)
{{
    return varies(p) ? input_at(p, ((double)steps + part) * step) : p[0];
}}
/* The terms of its series from there on, over dt: that of order k is times the k-th power of a fraction of dt. */
static __attribute__((noinline, unused)) void input_series(
    const double *p, long steps, double part, double step, double dt, int highest, double *terms)
{{
    for (int k = 0; k <= highest; k++) terms[k] = 0.0;
    if (!varies(p)) {{ terms[0] = p[0]; return; }}
    const double s = ((double)steps + part) * step;
    terms[0] = p[0] + p[1] * s;
    terms[1] = p[1] * dt;
    double decay = p[2] * exp(-s / p[3]), sine = p[4] * sin(p[5] + (p[6] + p[7] * s) * s);
    double cosine = p[4] * cos(p[5] + (p[6] + p[7] * s) * s), sine_before = 0.0, cosine_before = 0.0;
    const double first = (p[6] + 2.0 * p[7] * s) * dt, second = 2.0 * p[7] * dt * dt; /* of the phase */
    for (int k = 0; k <= highest; k++) {{
        terms[k] += decay + sine;
        decay *= -dt / (p[3] * (k + 1));
        const double sine_next = (first * cosine + second * cosine_before) / (k + 1);
        const double cosine_next = -(first * sine + second * sine_before) / (k + 1);
        sine_before = sine; cosine_before = cosine;
        sine = sine_next; cosine = cosine_next;
    }}
}}
/* The same at a fraction of a step: for a constant piece no time is computed. */
#define INPUT(piece, now, fraction, dt) (varies(piece) ? input_at(piece, (now) + (fraction) * (dt)) : (piece)[0])
"""


def adaptive_function_name(step: AdaptiveStep) -> str:
    """Return the name of an adaptive step's kernel in C."""
    return _family_name(step, step.detection)


def adaptive_source(steps: Iterable[AdaptiveStep]) -> str:
    """Print the kernels of `steps`."""
    steps = list(steps)
    tables = c_tables(block for step in steps for block in step.blocks.values())
    head = c_prelude(SCALAR) + tables + _HEAD.format(most_iterations=MOST_ITERATIONS, piece=PIECE)
    families: dict[str, list[AdaptiveStep]] = {}
    for step in steps:
        families.setdefault(_family_name(step), []).append(step)
    return head + "\n".join(_Family(name, members).source() for name, members in families.items())


def _family_name(step: AdaptiveStep, *detection: str) -> str:
    return "__".join([step.model.name, step.method, *detection, *(["varying"] if step.varying else [])])


class _Family:
    """The kernels of a model and method with several detections: what they have in common is printed once."""

    def __init__(self, name: str, steps: list[AdaptiveStep]) -> None:
        self._name = name
        self._steps = steps
        blocks = [block for step in steps for block in step.blocks.values()]
        first = steps[0]
        found = {name for block in blocks for name in (*reads(block), *writes(block))}
        found |= {*_MEMBERS, *first.state, *first.parameters, first.model.input}
        self._tests: set[str] = set()
        """The members that stand for comparisons."""
        for block in blocks:
            self._tests |= _tests(block, self._tests).intersection(writes(block))
        self._members = sorted(found)
        self._printed: dict[str, str] = {}

    def source(self) -> str:
        """Print the kernels."""
        is_test = [name in self._tests for name in self._members]
        shared: Any = _environment().get_template("blocks.c.j2").module
        printed = [shared.structure(self._name, list(compress(self._members, map(not_, is_test))),
                                    list(compress(self._members, is_test)))]
        for step in self._steps:
            called = {}
            for title, block in step.blocks.items():
                body = _body(block, self._tests)
                called[title], text = self._once(title, step, partial(shared.function, self._name, body=body))
                printed.append(text)
            kernel = partial(_environment().get_template(f"{step.method}.c.j2").render, **self._given(step, called))
            series, text = self._once("series", step, partial(_series, kernel))
            printed += [text, kernel(part="kernel", series=series)]
        return "".join(printed)

    def _given(self, step: AdaptiveStep, called: Mapping[str, str]) -> dict[str, Any]:
        """Return what a template needs of a step; `called` are the functions of its blocks."""
        blocks = list(step.blocks)
        return {
            "step": step, "name": adaptive_function_name(step), "family": self._name, "blocks": blocks,
            "called": called, "tallies": len(tallied(step)), "accepted": len(blocks), "smaller": len(blocks) + 1,
            "interrupts": step.model.spike_interrupts, "held": events.moving(step.model),
            "kept": events.kept(step.model),
            "spiked": " & ".join(f"s.{name}_" for name in events.conditions(step.model)), **_OWN[step.method](step),
        }

    def _once(self, title: str, step: AdaptiveStep, text_of: Callable[[str], str]) -> tuple[str, str]:
        """Return the name of a function, and its text, or none if the same is printed already."""
        plain = f"{self._name}_{title.replace(' ', '_')}"
        for name in (plain, f"{plain}_{step.detection}"):
            text = text_of(name)
            if name not in self._printed:
                self._printed[name] = text
                return name, text
            if self._printed[name] == text:
                break
        return name, ""


def _series(kernel: Callable[..., str], name: str) -> str:
    return kernel(part="series", series=name)


def tallied(step: AdaptiveStep) -> tuple[str, ...]:
    """Return what the kernel keeps a tally of: its blocks, and `EXTRAS`."""
    return (*step.blocks, *EXTRAS[step.method])


def _tests(block: Block, shared: Collection[str]) -> set[str]:
    """Return the targets of a block that stand for comparisons; `shared` are those of other blocks."""
    found: set[str] = set()
    for assign in block.assignments:
        value = assign.value
        if (isinstance(value, Op) and value.kind in ("less", "at_most")) or (
                isinstance(value, Var) and value.name in found.union(shared)):
            found.add(assign.target)
    return found


def _body(block: Block, shared: Collection[str]) -> str:
    """Print a block as the body of a function on the structure `s`; `shared` are comparisons of all blocks."""
    tests = _tests(block, shared)
    lines = [f"    const {'int' if name in shared else 'double'} {name}_ = s->{name}_;\n" for name in reads(block)]
    lines += [f"    int {name}_;\n" for name in block.targets if name in tests]
    lines.append(c_block(block, 4, tests))
    lines += [f"    s->{name}_ = {name}_;\n" for name in writes(block)]
    return "".join(lines)


def reads(block: Block) -> list[str]:
    """Return the names that a block takes from outside, sorted."""
    return sorted(names(*(assign.value for assign in block.assignments)) - set(block.targets))


def writes(block: Block) -> list[str]:
    """Return the names that a block gives to others: new values (``_next`` and the like) and the method's own."""
    return [name for name in block.targets if name.startswith("_") or name == "dt" or name.endswith(RESERVED_ENDINGS)]


def _read_anywhere(step: AdaptiveStep) -> set[str]:
    return {name for block in step.blocks.values() for name in reads(block)}


def _dormand_prince(step: AdaptiveStep) -> dict[str, Any]:
    nodes = [(name, float(node)) for name, node in input_nodes(step.model, step.varying).items()]
    return {"grow": float(GROW), "start_inputs": nodes[:2], "attempt_inputs": nodes[1:]}


def _parker_sochacki(step: AdaptiveStep) -> dict[str, Any]:
    test = step.model.system.threshold
    level = (test.variable, *test.slopes)
    flows = [("", step.state)]
    if "held once" in step.blocks:
        flows.append(("held ", events.moving(step.model)))
    return {
        "flows": [(flow, moving, orders(step.model, flow, step.varying)) for flow, moving in flows],
        "highest": HIGHEST_ORDER, "inputs": [step.model.input, *input_terms(step.model)] if step.varying else [],
        "input_end": f"{step.model.input}_end" if f"{step.model.input}_end" in _read_anywhere(step) else "",
        "halved": lambda moving: [*moving, *([step.model.input] if step.varying else [])],
        "most_halvings": MOST_HALVINGS, "within": DETECTIONS[step.detection].restarts,
        "voltage": test.variable,
        "moving_level": level,
        "located": list(dict.fromkeys((*level, *events.kept(step.model)))),
        "dense": step.detection == "dense",
    }


#: What each template needs beside what all need.
_OWN: dict[str, Callable[[AdaptiveStep], dict[str, Any]]] = {
    "dormand_prince": _dormand_prince,
    "parker_sochacki": _parker_sochacki,
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("spikecost.harness", "."), undefined=StrictUndefined, trim_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # noqa: S701 - it prints C
    )
    environment.filters |= {"c_name": lambda name: f"{name}_", "c_member": lambda name: f"s.{name}_", "writes": writes}
    return environment
