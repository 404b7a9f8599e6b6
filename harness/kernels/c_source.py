"""C source of kernels, printed from Steps.

A kernel advances neurons through a stimulus and records each spike as (number of its step or piece, place in it), so
that no time is summed in the loop. The template of the method has the control flow; every floating-point operation of
the model is printed from a Block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import compress
from operator import not_
from threading import Lock
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...flops.operations import count_step
from ...flops.toolchain import Build
from ...models.algebra.expression import TESTS, Expr, Op, Var
from ...models.algebra.functions import CALLS
from ...models.algebra.simplify import Block
from ...models.definition.step_names import STATE_ENDINGS
from ...models.methods import DOUBLE, METHODS
from ...models.methods.kinds import arrivals, events
from ...models.number_formats import NUMBER_FORMATS
from ...models.step import Step
from .c_blocks import c_arrivals, c_block, c_functions, c_prelude, c_stimulus, c_tables

#: A step with more spikes than this is reported as stuck (the reset does not lead below the threshold).
MAX_SPIKES_PER_STEP = 64
#: The number of lanes advanced together, in double precision: a Hodgkin-Huxley block of this size stays in the
#: first-level cache. Smaller numbers have more lanes in the same memory.
LANES = 64
#: The bits of a double, and of the widest vector registers.
WORD, VECTOR = 64, 512
#: Steps in which no neuron in full lanes stops are taken at once: as many as have `AHEAD` operations together, at most
#: `MOST_AHEAD`. The processor then works on several vectors at a time. With `AT_A_TIME` calls of functions that do not
#: wait for each other it does so anyway, and only the compiler takes longer.
AHEAD, MOST_AHEAD, AT_A_TIME = 96, 4, 6
_COMPILING = Lock()
#: Names that all templates use if blocks are functions.
_MEMBERS = ("dt", "_now", "_target", "_end", "_span", "_step", "_s", "_at", "_before", "_refractory")


def function_name(step: Step) -> str:
    """Return the name of a Step's kernel in C."""
    return _family_name(step, step.detection)


def c_source(steps: Iterable[Step], build: Build, vector_exp: bool) -> str:
    """Print the kernels of `steps`.

    Parameters
    ----------
    steps : iterable of Step
        In one number format.
    build : Build
        One neuron after the other, or `LANES` neurons side by side.
    vector_exp : bool
        Whether the compiler may call vector versions of the mathematics library's functions.
    """
    steps = [step.in_own_names for step in steps]
    (number,) = {NUMBER_FORMATS[step.precision] for step in steps}
    blocks = [block for step in steps for block in step.blocks.values()]
    head = c_prelude(build, number, vector_exp) + c_functions(blocks, build, number, vector_exp)
    head += c_tables(blocks, number)
    if not all(METHODS[step.method].template.sampled_input for step in steps):
        head += c_stimulus()
    if any(step.model.arrivals for step in steps):
        head += c_arrivals()
    families: dict[str, list[Step]] = {}
    for step in steps:
        families.setdefault(_family_name(step), []).append(step)
    printed = [_family(name, members, build) for name, members in families.items()]
    if build.lanes:
        printed += [_together(members) for members in alike(steps)]
    return head + "\n".join(printed)


def alike(steps: Iterable[Step]) -> list[list[Step]]:
    """Return the Steps that can run together: those that differ only in how they locate a spike that changes nothing.

    Without a reset and refractoriness, the state after a spike is that at the end of the step whatever the detection,
    so that one integration has the spikes of all detections. Where spikes arrive, these are the detections that cut
    steps at arrivals.
    """
    found: dict[tuple[Any, ...], list[Step]] = {}
    for step in steps:
        model, template = step.model, METHODS[step.method].template
        together = not model.spike_interrupts and (step.cuts or not model.arrivals)
        if template.in_lanes and not template.functions and together:
            found.setdefault((_family_name(step), *_integration(step)), []).append(step)
    return [each for each in found.values() if len(each) > 1]


def _integration(step: Step) -> tuple[str, ...]:
    """Return all of a Step in C but how it locates a spike."""
    number = NUMBER_FORMATS[step.precision]
    return tuple(c_block(block, 0, number=number) for name, block in step.blocks.items() if name != "spike")


def name_together(steps: Sequence[Step]) -> str:
    """Return the name in C of the kernel that runs some Steps together."""
    return _family_name(steps[0], steps[0].detection, "together")


def _together(steps: Sequence[Step]) -> str:
    """Print the kernel that runs Steps together, in their order; its records of spikes are [steps][lanes]."""
    *others, last = steps
    given = _common(last, in_lanes=True) | {
        "name": name_together(steps),
        "others": [function_name(each) for each in others],
    }
    return _template(last.method).render(given)


def tallied(step: Step) -> tuple[str, ...]:
    """Return the names of the kernel's tallies."""
    return METHODS[step.method].tallied(step)


def in_parts(step: Step) -> bool:
    """Whether a run may be a sequence of calls, each for a block of steps.

    It is if there is an input for each step, or if spikes arrive at exact times: all of them could fill the memory.
    """
    if step.model.system.random:
        return True
    return METHODS[step.method].template.sampled_input and (step.varying or step.cuts)


def pieces_may_differ(step: Step) -> bool:
    """Whether neurons run together whose stimuli have other pieces: where there is an input for each step."""
    return METHODS[step.method].template.sampled_input and step.varying


def refills(step: Step) -> bool:
    """Whether the kernel asks for further arrivals, if there are many."""
    return step.cuts and METHODS[step.method].template.refills


def steps_ahead(step: Step) -> int:
    """Return how many steps a kernel takes at once in which no neuron in its lanes stops; 0 if it takes each alone."""
    system = step.model.system
    asks = system.refractory is not None and system.refractory.condition is not None
    if step.varying or step.model.arrivals or system.random or asks or not NUMBER_FORMATS[step.precision].functions:
        return 0
    count = count_step(step).as_run
    calls = sum(count[kind] for kind in CALLS)
    if calls:
        return int(calls < AT_A_TIME * _chain(step.blocks["advance"]))
    return min(max(AHEAD // sum(count.values()), 1), MOST_AHEAD)


def _chain(block: Block) -> int:
    """Return the largest number of calls of functions of which each waits for the one before."""
    before: dict[str, int] = {}

    def of(node: Expr) -> int:
        if isinstance(node, Op):
            return max(map(of, node.args)) + (node.kind in CALLS)
        return before.get(node.name, 0) if isinstance(node, Var) else 0

    for assign in block.assignments:
        before[assign.target] = of(assign.value)
    return max(before.values())


def vector_length(step: Step) -> int:
    """Return how many of a Step's numbers the widest vector register has."""
    return VECTOR // NUMBER_FORMATS[step.precision].bits


def _family_name(step: Step, *detection: str) -> str:
    more = ["varying"] * step.varying + [_in_c(step.precision)] * (step.precision != DOUBLE)
    return "__".join([step.model.name, step.method, *detection, *more])


def _in_c(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _family(name: str, steps: list[Step], build: Build) -> str:
    """Print the kernels of a model and method with several detections."""
    if METHODS[steps[0].method].template.functions:
        return _Family(name, steps).source()
    return "\n".join(_template(step.method).render(_common(step, build.lanes)) for step in steps)


def _common(step: Step, in_lanes: bool) -> dict[str, Any]:
    """Return the variables that every template gets."""
    method = METHODS[step.method]
    number = NUMBER_FORMATS[step.precision]
    return {
        "step": step,
        "name": function_name(step),
        "input": step.model.input,
        "by_dt": method.knob == "dt",
        "in_lanes": in_lanes,
        "lanes": LANES * WORD // number.bits,
        "max_spikes": MAX_SPIKES_PER_STEP,
        "others": [],
        "block": partial(c_block, number=number),
        "real": number.c_type,
        "literal": number.literal,
        "from_double": number.from_double,
        "as_double": number.as_double,
        # a test has as many bits as a number, so that both fill vector registers in the same way
        "test": "long" if number.bits == WORD else "int",
        "vector": vector_length(step),
        "exact_dt": number.c_type == "double",
        "arrivals": arrivals.arrivals(step.model),
        "refills": refills(step),
        "random": tuple(step.model.system.random),
        "in_parts": in_parts(step),
        "first_step": "first" if in_parts(step) else "0",
        "ahead": steps_ahead(step) if in_lanes else 0,
        **method.given(step),
    }


class _Family:
    """The kernels of a model and method with several detections; the code that they share is printed once."""

    def __init__(self, name: str, steps: list[Step]) -> None:
        self._name = name
        self._steps = steps
        blocks = [block for step in steps for block in step.blocks.values()]
        first = steps[0]
        found = {name for block in blocks for name in (*block.reads, *writes(block))}
        found |= {*_MEMBERS, *first.state, *first.parameters, first.model.input}
        self._tests: set[str] = set()
        """The members of the structure that are results of comparisons."""
        for block in blocks:
            self._tests |= _tests(block, self._tests).intersection(writes(block))
        self._members = sorted(found)
        self._printed: dict[str, str] = {}

    def source(self) -> str:
        """Print the kernels."""
        is_test = [name in self._tests for name in self._members]
        shared: Any = _environment().get_template("shared.c.j2").module
        printed = [
            shared.structure(
                self._name, list(compress(self._members, map(not_, is_test))), list(compress(self._members, is_test))
            )
        ]
        for step in self._steps:
            called = {}
            for title, block in step.blocks.items():
                body = _body(block, self._tests)
                called[title], text = self._once(title, step, partial(shared.function, self._name, body=body))
                printed.append(text)
            kernel = partial(_template(step.method).render, **self._given(step, called))
            series, text = self._once("series", step, partial(_series, kernel))
            printed += [text, kernel(part="kernel", series=series)]
        return "".join(printed)

    def _given(self, step: Step, called: Mapping[str, str]) -> dict[str, Any]:
        """Return the variables of a template for a step; `called` are the functions of its blocks."""
        places = {name: place for place, name in enumerate(tallied(step))}
        return {
            "family": self._name,
            "blocks": list(step.blocks),
            "called": called,
            "tallied": len(places),
            "extra": {name: places[name] for name in METHODS[step.method].extras},
            "interrupts": step.model.spike_interrupts,
            "held": events.moving(step.model),
            "kept": events.kept(step.model),
            "spiked": events.spiked(step.model, "s._@_"),
            "at_once": events.holds(step.model, "s._@_"),
            "jumps_from": step.model.system.threshold.variable
            if "jump" in step.blocks and step.model.spike_is_crossing
            else "",
            **_common(step, in_lanes=False),
        }

    def _once(self, title: str, step: Step, text_of: Callable[[str], str]) -> tuple[str, str]:
        """Return the name of a function, and its text; the text is empty if the same function is already printed."""
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


def _tests(block: Block, shared: Collection[str]) -> set[str]:
    """Return the targets of a block that are results of comparisons; `shared` are such targets of other blocks."""
    found: set[str] = set()
    for assign in block.assignments:
        value = assign.value
        if (isinstance(value, Op) and value.kind in TESTS) or (
            isinstance(value, Var) and value.name in found.union(shared)
        ):
            found.add(assign.target)
    return found


def _body(block: Block, shared: Collection[str]) -> str:
    """Print a block as the body of a function on the structure `s`; `shared` are the comparisons of all blocks."""
    tests = _tests(block, shared)
    lines = [f"    const {'int' if name in shared else 'double'} {name}_ = s->{name}_;\n" for name in block.reads]
    lines += [f"    int {name}_;\n" for name in block.targets if name in tests]
    lines.append(c_block(block, 4, tests, number=NUMBER_FORMATS[DOUBLE]))
    lines += [f"    s->{name}_ = {name}_;\n" for name in writes(block)]
    return "".join(lines)


def writes(block: Block) -> list[str]:
    """Return the names that a block passes to others: new values (such as ``_next``) and names of the method."""
    return [name for name in block.targets if name.startswith("_") or name == "dt" or name.endswith(STATE_ENDINGS)]


def _template(method: str) -> Template:
    with _COMPILING:  # kernels of two builds are printed at once
        return _compiled(METHODS[method].template.text)


@cache
def _compiled(template: str) -> Template:
    """Compile a template, which many methods may share."""
    return _environment().from_string(template)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("spikecost.harness.kernels", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - it prints C
    )
    environment.filters |= {
        "c_name": lambda name: f"{name}_",
        "c_member": lambda name: f"s.{name}_",
        "next_name": lambda name: f"{name}_next",
        "writes": writes,
    }
    return environment
