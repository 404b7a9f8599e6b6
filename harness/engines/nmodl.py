"""Models in NMODL, the language of NEURON and Arbor, generated from the definition.

The membrane's voltage is the variable that the threshold compares; its derivative becomes a current. The membrane has
1 uF/cm2 and 100 um2, so that -0.001 dv/dt (in mV/ms) is the current in mA/cm2 of a density mechanism, and as well the
current in nA of a point process. All other variables are states. Names of the model end with an underscore, so that
they differ from every name of the simulator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...models.algebra.draft import Derivatives, Draft, NotApplicable, Vector
from ...models.algebra.expression import FLOATS, TESTS, Const, Expr, Op, Var, evaluate, names
from ...models.algebra.functions import ROWS
from ...models.algebra.polynomial import linear_parts
from ...models.algebra.simplify import Assign, lower
from ...models.definition.neuron import NeuronModel

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "at_most": "<=", "and": "&&", "or": "||"}
#: The name of every generated mechanism.
MECHANISM = "spikecost_model"
#: The functions that NEURON knows, and ``!``, which negates a condition (src/nocmodl/extdef.h; diffeq.ypp).
OF_NEURON = frozenset(
    {"exp", "log", "log10", "sqrt", "fabs", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"}
    | {"floor", "ceil", "!"}
)
#: Those of Arbor's dialect, which cannot negate a condition (modcc/token.cpp and parser.cpp).
OF_ARBOR = frozenset({"exp", "log", "sqrt", "fabs", "sin", "cos", "tanh"})
#: Membrane current, in the unit of the mechanism, over dv/dt in mV/ms.
_CURRENT = "-0.001"


class Writer:
    """Writes expressions of one model as statements of NMODL."""

    def __init__(self, model: NeuronModel, known: Collection[str]) -> None:
        self.model = model
        self.system = model.system
        self.voltage = self.system.threshold.variable
        self.states = [name for name in self.system.state if name != self.voltage]
        self.given = [*self.system.parameters, *([model.input] if model.input else [])]
        self._draft_names = frozenset(self.system.dimensions) - set(self.system.subexpressions)
        self._choices = 0
        self._known = known
        """The functions of the language, and ``!`` if it can negate a condition."""

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

    def is_linear(self, only: Sequence[str]) -> bool:
        """Whether the derivative of each of some variables, with everything else frozen, is linear in it."""
        try:
            self._derivatives(self._draft()).linear(self._here(), only=only)
        except NotApplicable:
            return False
        return True

    def linear(self, only: Sequence[str]) -> list[str]:
        """Return statements that compute ``a_NAME_`` and ``b_NAME_`` of ``dx/dt = a + b x`` for some variables."""
        draft = self._draft()
        a, b = self._derivatives(draft).linear(self._here(), only=only)
        outputs = {self.own(f"a_{name}"): a[name] for name in only}
        return self.block(draft, outputs | {self.own(f"b_{name}"): b[name] for name in only})

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
            return f"({args[0]} ^ {args[1]})"
        if node.kind in _INFIX:
            return f"({args[0]} {_INFIX[node.kind]} {args[1]})"
        if node.kind == "neg":
            return f"(-{args[0]})"
        function = "!" if node.kind == "not" else ROWS[node.kind].library
        if function not in self._known:
            said = "it has no 'not'" if function == "!" else f"it has no function {function}"
            raise NotApplicable(f"the simulator's language is too small: {said}")
        return f"{function}({', '.join(args)})"

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
    input: str = ""
    """The parameter that is the input of the model; empty if there is none, or if it is a current of the cell."""
    scale: float = 0.0
    """The current density in uA/cm2 of the cell that one unit of the input is."""
    name: str = MECHANISM
    """Another name is that of a mechanism of the simulator."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Parameters of a mechanism of the simulator, in its units."""
    reversals: Mapping[str, float] = field(default_factory=dict)
    """Reversal potentials in mV by ion."""
    capacitance: float = 1.0
    """Of the membrane, in uF/cm2."""

    @property
    def is_point(self) -> bool:
        """Whether it is a point process."""
        return self.level is None


def nmodl(model: NeuronModel) -> Mechanism:
    """Write a model as a mechanism for NEURON.

    Raises
    ------
    NotApplicable
        If the model cannot be written so.
    """
    writer = Writer(model, OF_NEURON)
    point = bool(model.system.reset) or writer.constant_level is None
    states = [writer.name(each) for each in writer.states]
    is_linear = writer.is_linear(writer.states)
    rates = (writer.linear(writer.states) if is_linear else writer.slopes()) if states else []
    derivatives, kept = _derivatives(writer, is_linear)
    declared, *slope = _with_locals(writer.slope(), ())
    lines = [
        *_head(writer, point, ["    THREADSAFE"]),
        *_parameters(writer),
        *_states(writer),
        "ASSIGNED {",
        "    v (mV)",
        f"    i ({'nA' if point else 'mA/cm2'})",
        *(f"    {each}" for each in kept),
        "}",
        *_initial(writer, ["    net_send(0, 1)"] if point else []),
        "BREAKPOINT {",
        declared,  # LOCAL comes first in its block, SOLVE before the current
        *([f"    SOLVE states METHOD {'cnexp' if is_linear else 'derivimplicit'}"] if states else []),
        *slope,
        f"    i = {_CURRENT}*{writer.name(writer.own('dv'))}",
        "}",
    ]
    if states:
        lines += ["PROCEDURE rates() {", *_with_locals(rates, kept), "}"]
        lines += ["DERIVATIVE states {", "    rates()", *derivatives, "}"]
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
    return Mechanism(
        "\n".join(lines) + "\n",
        None if point else writer.constant_level,
        writer.name(model.input) if model.input else "",
    )


_NO_RESET = "Arbor's mechanisms cannot reset the voltage at a spike, and its LIF and AdEx cells take no input current"


def nmodl_of_arbor(model: NeuronModel) -> Mechanism:
    """Write a model as a density mechanism in Arbor's dialect: the voltage is a parameter, procedures see no variables.

    The input is not in it: it is a current of the cell.

    Raises
    ------
    NotApplicable
        If the model cannot be written so.
    """
    writer = Writer(model, OF_ARBOR)
    if model.system.reset:
        raise NotApplicable(_NO_RESET)
    if writer.constant_level is None:
        raise NotApplicable("Arbor's threshold is a constant voltage")
    if not writer.is_linear(model.system.state):
        raise NotApplicable("a variable is not linear in itself, which Arbor's implicit schemes need")
    voltage = writer.voltage
    a, b = (writer.name(writer.own(f"{kind}_{voltage}")) for kind in "ab")
    derivatives, _ = _derivatives(writer, is_linear=True)
    lines = [
        *_head(writer, False, []),
        *_parameters(writer, ["    v (mV)"]),
        *_states(writer),
        *_initial(writer, []),
        "BREAKPOINT {",
        *(["    SOLVE states METHOD cnexp"] if writer.states else []),
        *_with_locals(writer.linear([voltage]), ()),
        # written so, its derivative by v is found, and it is integrated implicitly; otherwise it would be explicit
        f"    i = {_CURRENT}*({a} + {b}*v)",
        "}",
    ]
    if writer.states:
        lines += ["DERIVATIVE states {", *_with_locals(writer.linear(writer.states), ()), *derivatives, "}"]
    return Mechanism("\n".join(lines) + "\n", writer.constant_level, scale=_input_current(model))


def _input_current(model: NeuronModel) -> float:
    """Return the current density in uA/cm2, on a membrane of 1 uF/cm2, that one unit of the input is.

    Raises
    ------
    NotApplicable
        If the input is not a current with a constant factor.
    """
    if not model.input:
        return 0.0
    sides = Derivatives(model.system, Draft(frozenset())).right_hand_sides
    v = model.system.threshold.variable
    parts = linear_parts(sides[v], model.input)
    others = {name for name, side in sides.items() if name != v and model.input in names(side)}
    if parts is None or others or names(parts[1]) - set(model.system.parameters):
        raise NotApplicable("its input is not a current")
    return float(evaluate(parts[1], model.parameter_values, FLOATS))


def _head(writer: Writer, point: bool, more: Sequence[str]) -> list[str]:
    given = ", ".join(map(writer.name, writer.given))
    return [
        f": {writer.model.label}, generated by spikecost; in ms, mV and the model's own units",
        "NEURON {",
        f"    {'POINT_PROCESS' if point else 'SUFFIX'} {MECHANISM}",
        "    NONSPECIFIC_CURRENT i",
        *([f"    RANGE {given}"] if given else []),
        *more,
        "}",
    ]


def _parameters(writer: Writer, more: Sequence[str] = ()) -> list[str]:
    values = {**writer.model.parameter_values, writer.model.input: 0.0}
    return ["PARAMETER {", *more, *(f"    {writer.name(each)} = {number(values[each])}" for each in writer.given), "}"]


def _states(writer: Writer) -> list[str]:
    return ["STATE {", *(f"    {writer.name(each)}" for each in writer.states), "}"] if writer.states else []


def _initial(writer: Writer, more: Sequence[str]) -> list[str]:
    values = writer.model.initial_values
    return ["INITIAL {", *(f"    {writer.name(each)} = {number(values[each])}" for each in writer.states), *more, "}"]


def _derivatives(writer: Writer, is_linear: bool) -> tuple[list[str], list[str]]:
    """Return the equations of the states, and the names that they use."""
    lines, kept = [], []
    for each in writer.states:
        name = writer.name(each)
        a, b = (writer.name(writer.own(f"{kind}_{each}")) for kind in "ab")
        lines.append(f"    {name}' = {a}{f' + {b}*{name}' if is_linear else ''}")
        kept += [a, b] if is_linear else [a]
    return lines, kept


def _with_locals(lines: Sequence[str], kept: Iterable[str], *, statements: bool = True) -> list[str]:
    own = [each for each in assigned(lines) if each not in set(kept)]
    declared = [f"    LOCAL {', '.join(own)}"] if own else []
    return [*declared, *(f"    {line}" for line in lines if statements)]
