"""Models in NMODL, the language of NEURON and Arbor, generated from the definition.

The membrane's voltage is the variable that the threshold compares; its derivative becomes a current. The membrane has
1 uF/cm2 and 100 um2, so that -0.001 dv/dt (in mV/ms) is the current in mA/cm2 of a density mechanism, and as well the
current in nA of a point process. All other variables are states. Names of the model end with an underscore, so that
they differ from every name of the simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...models.algebra.draft import Derivatives, Draft, NotApplicable, Vector
from ...models.algebra.expression import FLOATS, TESTS, Const, Expr, Op, Var, evaluate, names
from ...models.algebra.functions import ROWS
from ...models.algebra.simplify import Assign, lower
from ...models.definition.neuron import NeuronModel

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "at_most": "<=", "and": "&&", "or": "||"}
#: Membrane current, in the unit of the mechanism, over dv/dt in mV/ms.
_CURRENT = "-0.001"


class Writer:
    """Writes expressions of one model as statements of NMODL."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        self.system = model.system
        self.voltage = self.system.threshold.variable
        self.states = [name for name in self.system.state if name != self.voltage]
        self._draft_names = frozenset(self.system.dimensions) - set(self.system.subexpressions)
        self._choices = 0

    def name(self, name: str) -> str:
        """Return the name in NMODL of a name of the model."""
        return "v" if name == self.voltage else f"{name}_"

    def own(self, name: str) -> str:
        """Return a name for something that is computed: this one, changed if the model has it."""
        while name in self.system.dimensions:
            name += "_"
        return name

    def slope(self) -> list[str]:
        """Return statements that compute ``dv_``, the derivative of the voltage."""
        draft = self._draft()
        found = self._derivatives(draft)(self._here(), only=[self.voltage])
        return self.block(draft, {self.own("dv"): found[self.voltage]})

    def is_linear(self) -> bool:
        """Whether the derivative of each state, with everything else frozen, is linear in it."""
        try:
            self._derivatives(self._draft()).linear(self._here(), only=self.states)
        except NotApplicable:
            return False
        return True

    def linear(self) -> list[str]:
        """Return statements that compute ``a_NAME_`` and ``b_NAME_`` of ``dx/dt = a + b x`` for each state."""
        draft = self._draft()
        a, b = self._derivatives(draft).linear(self._here(), only=self.states)
        outputs = {self.own(f"a_{name}"): a[name] for name in self.states}
        return self.block(draft, outputs | {self.own(f"b_{name}"): b[name] for name in self.states})

    def slopes(self) -> list[str]:
        """Return statements that compute ``a_NAME_``, the derivative, for each state."""
        draft = self._draft()
        found = self._derivatives(draft)(self._here(), only=self.states)
        return self.block(draft, {self.own(f"a_{name}"): found[name] for name in self.states})

    def reset(self) -> list[str]:
        """Return the statements of the reset, in order."""
        draft, lines = self._draft(), []
        for name, value in self.system.reset:
            new = self.own(f"{name}_new")
            lines += self.block(draft, {new: value})
            lines.append(f"{self.name(name)} = {self.name(new)}")
        return lines

    def level(self) -> str:
        """Write the level of the threshold."""
        statements: list[str] = []
        found = self._value(self.system.threshold.level, {}, statements)
        if statements:
            raise NotApplicable("the level of the threshold contains a choice")
        return found

    @property
    def constant_level(self) -> float | None:
        """The level of the threshold as a number; None if it changes."""
        level = self.system.threshold.level
        if names(level) & set(self.system.state):
            return None
        return float(evaluate(level, self.model.parameter_values, FLOATS))

    def block(self, draft: Draft, outputs: Mapping[str, Expr]) -> list[str]:
        """Write the assignments that compute `outputs`."""
        once, body = lower(draft, outputs)
        return self._statements((*once.assignments, *body.assignments))

    def _statements(self, assignments: Iterable[Assign]) -> list[str]:
        lines: list[str] = []
        tests: dict[str, Expr] = {}
        for assign in assignments:
            value = assign.value
            if isinstance(value, Op) and value.kind in TESTS:
                tests[assign.target] = value  # a truth value is no number here: it is written where it is used
            elif isinstance(value, Var) and value.name in tests:
                tests[assign.target] = tests[value.name]
            else:
                self._assign(self.name(assign.target), value, tests, lines)
        return lines

    def _assign(self, target: str, value: Expr, tests: Mapping[str, Expr], lines: list[str]) -> None:
        if isinstance(value, Op) and value.kind == "select":
            condition = self._value(value.args[0], tests, lines)
            branches: list[list[str]] = [[], []]
            for branch, each in zip(branches, value.args[1:], strict=True):
                self._assign(target, each, tests, branch)
            yes, no = ([f"    {line}" for line in branch] for branch in branches)
            lines += [f"if ({condition}) {{", *yes, "} else {", *no, "}"]
        else:
            lines.append(f"{target} = {self._value(value, tests, lines)}")

    def _value(self, node: Expr, tests: Mapping[str, Expr], lines: list[str]) -> str:
        """Write an expression; a choice in it becomes statements before it."""
        if isinstance(node, Const):
            text = number(float(node.value))
            return f"({text})" if node.value < 0 else text
        if isinstance(node, Var):
            return self._value(tests[node.name], tests, lines) if node.name in tests else self.name(node.name)
        if not isinstance(node, Op) or node.kind in ("cell", "entry"):
            raise NotApplicable("lookup tables cannot be written in NMODL")
        if node.kind == "select":
            self._choices += 1
            target = self.name(self.own(f"choice{self._choices}"))
            self._assign(target, node, tests, lines)
            return target
        args = [self._value(arg, tests, lines) for arg in node.args]
        if node.kind == "pow":
            return f"pow({args[0]}, {args[1]})"
        if node.kind in _INFIX:
            return f"({args[0]} {_INFIX[node.kind]} {args[1]})"
        if node.kind in ("neg", "not"):
            return f"({'-' if node.kind == 'neg' else '!'}{args[0]})"
        return f"{ROWS[node.kind].library}({', '.join(args)})"

    def _draft(self) -> Draft:
        return Draft(self._draft_names)

    def _derivatives(self, draft: Draft) -> Derivatives:
        return Derivatives(self.system, draft)

    def _here(self) -> Vector:
        return Vector({name: Var(name) for name in self.system.state})


def number(value: float) -> str:
    """Write a number."""
    return repr(float(value))


def assigned(lines: Sequence[str]) -> list[str]:
    """Return the names that statements assign, each once."""
    targets = [line.split(" = ")[0].strip() for line in lines if " = " in line and not line.lstrip().startswith("if ")]
    return list(dict.fromkeys(targets))


@dataclass(frozen=True)
class Mechanism:
    """A model in NMODL."""

    text: str
    level: float | None
    """The voltage whose upward crossing is a spike, of a density mechanism; None for a point process, which finds its
    own spikes and resets the voltage."""

    @property
    def is_point(self) -> bool:
        """Whether it is a point process."""
        return self.level is None


def nmodl(model: NeuronModel, mechanism: str, linear_method: str, other_method: str) -> Mechanism:
    """Write a model as a mechanism.

    Parameters
    ----------
    model : NeuronModel
    mechanism : str
        Its name.
    linear_method, other_method : str
        The methods of the language for states whose derivatives are linear in them, and for others.

    Raises
    ------
    NotApplicable
        If the model cannot be written so.
    """
    writer = Writer(model)
    point = bool(model.system.reset) or writer.constant_level is None
    name, states = writer.name, [writer.name(each) for each in writer.states]
    slope = writer.slope()
    is_linear = writer.is_linear()
    rates = (writer.linear() if is_linear else writer.slopes()) if states else []
    a, b = ({each: name(writer.own(f"{kind}_{each}")) for each in writer.states} for kind in "ab")
    kept = [*a.values(), *(b.values() if is_linear else ())]
    given = [*model.system.parameters, *([model.input] if model.input else [])]
    values = {**model.parameter_values, **({model.input: 0.0} if model.input else {})}
    head = [
        f": {model.label}, generated by spikecost; in ms, mV and the model's own units",
        "NEURON {",
        f"    {'POINT_PROCESS' if point else 'SUFFIX'} {mechanism}",
        "    NONSPECIFIC_CURRENT i",
        *([f"    RANGE {', '.join(name(each) for each in given)}"] if given else []),
        "    THREADSAFE",
        "}",
        "PARAMETER {",
        *(f"    {name(each)} = {number(values[each])}" for each in given),
        "}",
        *(["STATE {", *(f"    {each}" for each in states), "}"] if states else []),
        "ASSIGNED {",
        "    v (mV)",
        f"    i ({'nA' if point else 'mA/cm2'})",
        *(f"    {each}" for each in kept),
        "}",
        "INITIAL {",
        *(f"    {name(each)} = {number(model.initial_values[each])}" for each in writer.states),
        *(["    net_send(0, 1)"] if point else []),
        "}",
        "BREAKPOINT {",
        *_with_locals(slope, ()),
    ]
    # LOCAL comes first in its block, SOLVE before the current
    solve = [f"    SOLVE states METHOD {linear_method if is_linear else other_method}"] if states else []
    at = head.index("BREAKPOINT {") + 1
    at += head[at].startswith("    LOCAL")
    lines = [*head[:at], *solve, *head[at:], f"    i = {_CURRENT}*{name(writer.own('dv'))}", "}"]
    if states:
        lines += ["PROCEDURE rates() {", *_with_locals(rates, kept), "}", "DERIVATIVE states {", "    rates()"]
        lines += [
            f"    {name(each)}' = {a[each]}{f' + {b[each]}*{name(each)}' if is_linear else ''}"
            for each in writer.states
        ]
        lines.append("}")
    if point:
        reset = writer.reset()
        lines += [
            "NET_RECEIVE(weight) {",
            *_with_locals(reset, ("v", *states), statements=False),
            "    if (flag == 1) {",
            f"        WATCH (v > {writer.level()}) 2",
            "    }",
            "    if (flag == 2) {",
            "        net_event(t)",
            *(f"        {line}" for line in reset),
            "    }",
            "}",
        ]
    return Mechanism("\n".join(lines) + "\n", None if point else writer.constant_level)


def _with_locals(lines: Sequence[str], kept: Iterable[str], *, statements: bool = True) -> list[str]:
    own = [each for each in assigned(lines) if each not in set(kept)]
    declared = [f"    LOCAL {', '.join(own)}"] if own else []
    return [*declared, *(f"    {line}" for line in lines if statements)]
