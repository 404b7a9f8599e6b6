"""C source of kernels, printed from Steps.

A kernel advances neurons through a stimulus and records each spike as (number of its step, fraction of that step), so
that no time is added up in the loop. Names of the Step get an underscore, which keeps them apart from C's own. The
control flow is the template `kernel.c.j2`; every floating-point operation of the model's is printed from a Block.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..flops.toolchain import Build
from ..models.expression import Const, Expr, Op, Table, Var, nodes
from ..models.simplify import Block
from ..models.step import Step

#: A step that holds more spikes than this is reported as stuck (a reset that does not leave the threshold).
MAX_SPIKES_A_STEP = 64
#: What is written into `spikes.stuck` of a call's neurons to end it; what it leaves is no result.
STOP = -1
#: Lanes that are advanced together: a Hodgkin-Huxley block of that size stays in the first-level cache.
LANES = 64

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "at_most": "<="}
_CALLS = {"exp": "exp", "sqrt": "sqrt", "pow": "pow", "abs": "fabs"}
#: Their values are integers.
_INTEGERS = ("less", "at_most", "cell")

_PRELUDE = """\
#include <math.h>

struct spikes { long capacity, count, stuck; long *step; double *at; };

static void record(struct spikes *out, long step, double at)
{
    if (out->count < out->capacity) { out->step[out->count] = step; out->at[out->count] = at; }
    out->count++;
}

/* By its bits, so that the test is no floating-point operation. A reset would hide a state that is not finite. */
static inline int is_number(double x)
{
    long long bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

/* Whoever waits for a kernel may end it: it looks for that after every POLL steps at the latest. No operation of the
   model's is added, left out or moved by it. */
enum { POLL = 4096 };
#define STOPPED(first) (*(const volatile long *)&(first)->stuck < 0)

/* The input may change at every step: without this the compiler would move work that is counted out of the loop. */
#if defined(__x86_64__)
#define FRESH(x) __asm__ volatile("" : "+x"(x))
#elif defined(__aarch64__)
#define FRESH(x) __asm__ volatile("" : "+w"(x))
#else
#define FRESH(x) __asm__ volatile("" : "+m"(x))
#endif
/* Both comparisons of a test are made: a branch after the first would skip the second. */
#define EVALUATED(test) __asm__ volatile("" : "+r"(test))
"""
#: Both values of a select are computed and one is taken. Written with ?: it would become a branch around one of them.
_SELECT = """
#if defined(__SSE4_1__)
#include <immintrin.h>
static inline double choose(int test, double yes, double no)
{
    FRESH(yes); /* a number known to the compiler would make another instruction of it */
    FRESH(no);
    const __m128d mask = _mm_castsi128_pd(_mm_cvtsi64_si128(-(long long)test));
    return _mm_cvtsd_f64(_mm_blendv_pd(_mm_set_sd(no), _mm_set_sd(yes), mask));
}
#else
static inline double choose(int test, double yes, double no)
{
    FRESH(yes);
    FRESH(no);
    return test ? yes : no;
}
#endif
"""
_SELECT_IN_LANES = """
/* in lanes the compiler makes a masked move of it */
#define choose(test, yes, no) ((test) ? (yes) : (no))
"""
#: The conversion cuts off towards zero, and what does not fit is negative: the first cell.
_CELL = """
static inline int table_cell(double position, int count)
{
    const int cell = (int)position;
    const int last = count - 1;
    return cell < 0 ? 0 : cell > last ? last : cell;
}
"""
_VECTOR_FUNCTIONS = '__attribute__((simd("notinbranch"))) double exp(double), pow(double, double);\n'


def function_name(step: Step) -> str:
    """Return the name of a Step's kernel in C."""
    varying = "__varying" if step.varying else ""
    return f"{step.model.name}__{step.method}__{step.detection}{varying}"


def c_source(steps: Iterable[Step], build: Build, vector_exp: bool) -> str:
    """Print the kernels of `steps`.

    Parameters
    ----------
    steps : iterable of Step
    build : Build
        One neuron after the other, or `LANES` neurons side by side.
    vector_exp : bool
        Whether the compiler may call vector versions of exp and pow.
    """
    steps = list(steps)
    blocks = [block for step in steps
              for block in (step.once, step.advance, step.spike, step.check, step.pause, step.resume)]
    head = _VECTOR_FUNCTIONS if vector_exp and build.lanes else ""
    kernels = (
        _template().render(
            step=step, name=function_name(step), input=step.model.input, in_lanes=build.lanes, block=c_block,
            lanes=LANES, max_spikes=MAX_SPIKES_A_STEP, resets=bool(step.model.system.reset),
            spiked=" & ".join(f"{name}_" for name in step.conditions),
        )
        for step in steps
    )
    return head + c_prelude(build) + c_tables(blocks) + "\n".join(kernels)


def c_prelude(build: Build) -> str:
    """Print what stands before kernels."""
    return _PRELUDE + (_SELECT_IN_LANES if build.lanes else _SELECT)


def c_expression(node: Expr) -> str:
    """Print an expression in C."""
    if isinstance(node, Const):
        text = repr(float(node.value))
        return f"({text})" if node.value < 0 else text
    if isinstance(node, Var):
        return f"{node.name}_"
    if isinstance(node, Table):
        return _c_name(node)
    assert isinstance(node, Op)
    args = [c_expression(arg) for arg in node.args]
    if node.kind in _INFIX:
        return f"({args[0]} {_INFIX[node.kind]} {args[1]})"
    if node.kind == "neg":
        return f"(-{args[0]})"
    if node.kind == "select":
        return f"choose({', '.join(args)})"
    if node.kind == "cell":
        return f"table_cell({args[0]}, {int(float(args[1]))})"
    if node.kind == "entry":
        return f"{args[0]}[{args[1]}]"
    return f"{_CALLS[node.kind]}({', '.join(args)})"


def c_block(block: Block, indent: int, declared: Iterable[str] = ()) -> str:
    """Print the statements of a block; names in `declared` are assigned, others declared."""
    lines = []
    for assign in block.assignments:
        is_integer = isinstance(assign.value, Op) and assign.value.kind in _INTEGERS
        kind = "" if assign.target in declared else "int " if is_integer else "const double "
        lines.append(f"{' ' * indent}{kind}{assign.target}_ = {c_expression(assign.value)};\n")
    return "".join(lines)


def c_tables(blocks: Iterable[Block]) -> str:
    """Print the tables that occur, each once, and what looks into them."""
    found = {
        _c_name(node): node
        for block in blocks for node in nodes(*(assign.value for assign in block.assignments))
        if isinstance(node, Table)
    }
    lines = [f"static const double {name}[] = {{{', '.join(map(repr, table.values))}}};\n"
             for name, table in found.items()]
    return _CELL + "".join(lines) if lines else ""


def _c_name(table: Table) -> str:
    """Return a name that tells tables with the same name and other numbers apart."""
    content = hashlib.sha256(array("d", table.values)).hexdigest()
    return f"{table.name}_{content[:12]}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("spikecost.harness", "."), undefined=StrictUndefined, trim_blocks=True,
        keep_trailing_newline=True, autoescape=False,  # noqa: S701 - it prints C
    )
    environment.filters["next_name"] = lambda name: f"{name}_next"
    environment.filters["c_name"] = lambda name: f"{name}_"
    return environment.get_template("kernel.c.j2")
