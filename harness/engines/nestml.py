"""NEST, with models of ours in NESTML, which NESTML compiles to modules of NEST."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from ...models.algebra.draft import Derivatives, Draft, NotApplicable, Vector
from ...models.algebra.expression import FLOATS, TESTS, Const, Expr, Op, Var, evaluate, names
from ...models.algebra.functions import ROWS
from ...models.algebra.simplify import lower
from ...models.definition.neuron import NeuronModel
from ...models.ground import cache as kept
from ...models.ground.code_version import code_version
from ...models.ground.errors import UserError
from ..stimuli import Stimulus
from .base import ENGINES, Engine, EngineRun, Labels, Scheme, inputs_of, on_the_grid, why_not_plain
from .child import ask, compiled
from .nest import VARYING, of_generator, tics
from .nmodl import number

#: The names of the generated model, of its module, and of the port for the current of a generator.
NEURON, MODULE, PORT = "spikecost_neuron", "spikecostmodule", "stimulus"
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
_INFIX |= {"less": "<", "at_most": "<=", "and": "and", "or": "or"}
#: C's functions by their names in NESTML.
_FUNCTIONS = {
    "exp": "exp",
    "log": "ln",
    "log10": "log10",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "fabs": "abs",
}
#: What NEST's headers include in addition, and the Debian package that has it.
_HEADERS = {"gsl/gsl_errno.h": "libgsl-dev", "boost/type_index.hpp": "libboost-dev", "ltdl.h": "libltdl-dev"}
#: A member of NEST that takes a text: its name in the library says with which of GCC's two kinds of text it was built.
_TEXT = b"StructuralPlasticityNode21get_synaptic_elementsENSt7__cxx11"


class Nestml(Engine):
    """NEST with neurons that NESTML compiles."""

    name = "nestml"
    title = "NEST (NESTML)"
    package = "nest"
    tools = ("g++",)
    default_dt = Fraction(1, 10)
    default_dt_source = "NEST, CMakeLists.txt: tics_per_ms 1000, tics_per_step 100"
    varying = VARYING
    labels = Labels(
        "a spike is found at the end of a step, where the reset acts, and labelled with it",
        "pynestml/codegeneration/resources_nest/point_neuron/common/NeuronClass.jinja2: update",
    )
    schemes = MappingProxyType(
        {
            "nestml": Scheme(
                "NESTML's choice: the exact solution of equations that are linear, and for the others Runge, Kutta and "
                "Fehlberg's method of order 4(5) from the GSL, with steps of its own up to dt and an absolute "
                "tolerance of 1e-3",
                "pynestml/codegeneration/nest_code_generator.py, numeric_solver; gsl_error_tol",
                controlled=True,
            )
        }
    )

    def why_not_here(self) -> str:
        """Return what is missing on this machine."""
        if reason := super().why_not_here():
            return reason
        if importlib.util.find_spec("pynestml") is None:
            return "NESTML is not installed; install it with pip install 'spikecost[peers]'"
        missing = [package for header, package in _HEADERS.items() if not Path("/usr/include", header).exists()]
        if missing:
            return f"NEST's headers need others, which are missing; install {' '.join(missing)} (Debian's names)"
        return ""

    def why_not_model(self, model: NeuronModel, method: str) -> str:
        """Return why it cannot be written in NESTML; empty if it can."""
        if reason := why_not_plain(model):
            return reason
        try:
            self.text(model, method)
        except NotApplicable as error:
            return str(error)
        return ""

    def text(self, model: NeuronModel, method: str) -> str:  # noqa: ARG002 - there is one scheme
        """Return the model in NESTML: names of the model are between ``n_`` and ``_``, so that none is a keyword."""
        system = model.system
        draft = Draft(frozenset(system.dimensions) - set(system.subexpressions))
        slopes = Derivatives(system, draft)(Vector({name: Var(name) for name in system.state}))
        once, body = lower(draft, {f"d_{name}": slopes[name] for name in system.state})
        tests: dict[str, Expr] = {}
        inlines = []
        for assign in (*once.assignments, *body.assignments):
            value = assign.value
            if (isinstance(value, Op) and value.kind in TESTS) or (isinstance(value, Var) and value.name in tests):
                tests[assign.target] = value
            else:
                inlines.append(f"inline {_name(assign.target)} real = {_written(value, tests)}")
        given = {**model.parameter_values, **({model.input: 0.0} if model.input else {})}
        level = system.threshold.level
        if names(level) - set(system.state) - set(given):
            raise NotApplicable("its threshold is not written in its variables and parameters")
        start = {**model.parameter_values, **model.initial_values}
        own = _name(model.input) if model.input else ""

        def driven(line: str) -> str:
            """Add the current of a generator to the input, in a line."""
            return re.sub(rf"\b{own}\b", f"({own} + {PORT})", line) if own else line

        return "\n".join(
            [
                f"# {model.label}, generated by spikecost; in ms and the model's own units",
                f"model {NEURON}:",
                "    state:",
                *(f"        {_name(name)} real = {number(model.initial_values[name])}" for name in system.state),
                f"        above boolean = {'true' if _above(model, start) else 'false'}",
                "    equations:",
                *(f"        {driven(line)}" for line in inlines),
                *(f"        {_name(name)}' = {_name(f'd_{name}')} / unit_of_time" for name in system.state),
                "    parameters:",
                "        unit_of_time ms = 1 ms",
                *(f"        {_name(name)} real = {number(value)}" for name, value in given.items()),
                *(["    input:", f"        {PORT} real <- continuous"] if own else []),
                "    output:",
                "        spike",
                "    update:",
                "        integrate_odes()",
                f"        if {_name(system.threshold.variable)} > {driven(_written(level, {}))}:",
                "            if not above:",
                "                emit_spike()",
                *(f"                {_name(name)} = {driven(_written(value, {}))}" for name, value in system.reset),
                f"            above = {'false' if system.reset else 'true'}",
                "        else:",
                "            above = false",
                "",
            ]
        )

    def run_each(
        self, model: NeuronModel, method: str, dts: Sequence[Fraction], stimulus: Stimulus, neurons: int
    ) -> list[EngineRun]:
        """Compile the model, and run it with each dt in one process."""
        text = self.text(model, method)
        pieces, arrays = inputs_of(stimulus, dts, of_generator)
        answer = ask(
            self.title,
            "run_nest.py",
            {
                "model": NEURON,
                "library": str(self._library(text)),
                "module": MODULE,
                "input": _name(model.input) if model.input else "",
                "parameters": {},
                "neurons": neurons,
                "pieces": pieces,
                "runs": [{"dt": float(dt), "tics_per_ms": tics(dt)} for dt in dts],
            },
            arrays,
        )
        return [
            EngineRun(on_the_grid(run["times"], dt), run["seconds"], run["built"], text, answer["version"])
            for dt, run in zip(dts, answer["runs"], strict=True)
        ]

    def _library(self, text: str) -> Path:
        """Return the compiled module."""
        made_by = version("nestml"), version("nest-simulator"), code_version("harness/engines/programs")
        sources: Mapping[str, str] = kept.recall(
            "simulators",
            "\0".join([*made_by, MODULE, text]),
            lambda: ask(self.title, "make_nestml.py", {"text": text, "module": MODULE})["sources"],
        )
        found = importlib.util.find_spec("nest")
        if found is None or found.origin is None:
            raise UserError("NEST is not installed; install it with pip install 'spikecost[peers]'")
        folder = Path(found.origin).parent
        old = _TEXT not in (folder / "nestkernel_api.so").read_bytes()
        command = [
            *("g++", "-O2", "-std=c++20", "-shared", "-fPIC", "-w", "-DHAVE_GSL=1", f"-I{folder / 'include' / 'nest'}"),
            *(["-D_GLIBCXX_USE_CXX11_ABI=0"] if old else []),
            *(name for name in sources if name.endswith(".cpp")),
            *("-o", f"{MODULE}.so"),
        ]
        return compiled("NESTML", "nest-simulator", sources, command, f"{MODULE}.so")


def _name(name: str) -> str:
    return f"n_{name}_"


def _above(model: NeuronModel, values: Mapping[str, float]) -> bool:
    threshold = model.system.threshold
    return float(values[threshold.variable]) > float(evaluate(threshold.level, values, FLOATS))


def _written(node: Expr, tests: Mapping[str, Expr]) -> str:
    """Write an expression in NESTML."""
    if isinstance(node, Const):
        text = number(float(node.value))
        return f"({text})" if node.value < 0 else text
    if isinstance(node, Var):
        return _written(tests[node.name], tests) if node.name in tests else _name(node.name)
    if not isinstance(node, Op) or node.kind in ("cell", "entry"):
        raise NotApplicable("lookup tables cannot be written in NESTML")
    args = [_written(arg, tests) for arg in node.args]
    if node.kind in _INFIX:
        return f"({args[0]} {_INFIX[node.kind]} {args[1]})"
    if node.kind in ("neg", "not"):
        return f"(-{args[0]})" if node.kind == "neg" else f"(not {args[0]})"
    if node.kind == "select":
        return f"({args[0]} ? {args[1]} : {args[2]})"
    library = ROWS[node.kind].library
    if library == "sqrt":
        return f"({args[0]} ** 0.5)"
    if library not in _FUNCTIONS:
        raise NotApplicable(f"NESTML has no function {library}")
    return f"{_FUNCTIONS[library]}({', '.join(args)})"


ENGINES.register(Nestml())
