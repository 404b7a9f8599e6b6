"""Blocks of assignments in C, and the C code before kernels.

Names of a Step get an underscore, so that they differ from all names in C.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterable
from dataclasses import fields

from ...flops.toolchain import Build, has_vector_version
from ...models.algebra.expression import TESTS, Const, Expr, Op, Table, Var, nodes, text
from ...models.algebra.functions import CALLS, FUNCTIONS
from ...models.algebra.simplify import Block
from ...models.number_formats import NumberFormat
from ..stimuli import Shape

#: The largest number of Newton iterations for a crossing: after this number even bisection has reached round-off.
MOST_ITERATIONS = 60
#: The number of values that describe a piece of the stimulus: the values of its shape, and which terms it has.
PIECE = len(fields(Shape)) + 1
#: The bits of a shape's terms, and the places of their factors in its numbers. (A sweep is a part of the sine.)
TERMS = {"slope": (1, 1), "decay": (2, 2), "sine": (4, 4)}
#: The values that a kernel writes to `spikes.stuck`: more spikes in one step than allowed, a spike from a state that is
#: not finite, a step that cannot be made smaller, too many steps, more spikes in all than can be stored.
STUCK_IN_A_STEP, NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS, TOO_MANY_SPIKES = 1, 2, 4, 8, 16
#: This value is written to the `stuck` of a call's neurons to end the call; its output is then not a result.
STOP = -1

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "less": "<", "at_most": "<=", "and": "&", "or": "|"}
_COMPARISONS = ("less", "at_most")
_ROUNDED = ("floor", "ceil")
_CALLS = {"pow": "pow", **{name: FUNCTIONS[name].library for name in ("exp", "sqrt", "abs", "floor", "ceil")}}
#: Other functions of C's library are declared under these names: the compiler, which does not know them, leaves every
#: call as it is (it would make one call of ``sin(x)`` and ``cos(x)``, and work out calls with a number).
_DECLARED = {name: f"library_{FUNCTIONS[name].library}" for name in CALLS if name not in _CALLS}
#: Their values are integers.
_INTEGERS = (*TESTS, "cell")

_PRELUDE = """\
#include <math.h>

struct spikes { long capacity, count, stuck; long *step; double *at; };

static void record(struct spikes *out, long step, double at)
{
    if (out->count < out->capacity) { out->step[out->count] = step; out->at[out->count] = at; }
    out->count++;
}

/* By its bits, so that the test is no floating-point operation. A reset would hide a state that is not finite. */
"""
_FRESH = """
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
#: Elsewhere, with ?: the compiler would branch around one of the values; the number format says how it is done.
_SELECT_IN_LANES = """
/* in lanes the compiler makes a masked move of it */
#define choose(test, yes, no) ((test) ? (yes) : (no))
"""
#: The conversion rounds towards zero; a value that does not fit becomes negative, which selects the first cell.
_CELL = """
static inline int table_cell({c_type} position, int count)
{
    const int cell = (int)position;
    const int last = count - 1;
    return cell < 0 ? 0 : cell > last ? last : cell;
}
"""
_DECLARED_AS = """
#define SPELLED_AS(prefix) #prefix
#define SPELLED(prefix) SPELLED_AS(prefix)
#define LIBRARY(name) __asm__(SPELLED(__USER_LABEL_PREFIX__) name)
"""
#: Two comparisons of the same numbers, joined by ``and`` or ``or``: the compiler would make one of them.
_APART = """
#define apart(test) {apart}
"""
_APART_ALONE = '__extension__({ int test_ = (test); __asm__("" : "+r"(test_)); test_; })'
#: A number about which the compiler knows nothing.
_HIDDEN_ALONE = '__extension__({{ {c} number_ = (number); __asm__("" : "+{register}"(number_)); number_; }})'
_VECTOR_FUNCTIONS = '__attribute__((simd("notinbranch"))) {c} exp{f}({c}), pow{f}({c}, {c});\n'


_STIMULUS = """\
#define MOST_ITERATIONS {most_iterations}
enum {{ TOO_MANY_SPIKES = {full}, STEP_TOO_SMALL = {too_small}, TOO_MANY_STEPS = {too_many} }};

/* A piece of the stimulus is PIECE numbers: those of its shape, and as bits which terms it has in addition to a number.
   To evaluate a stimulus is not the model's cost; a constant one executes no floating-point operation here. */
#define PIECE {piece}
enum {{ SLOPE = {slope}, DECAY = {decay}, SINE = {sine} }};
static inline long terms_of(const double *piece)
{{
    long bits;
    __builtin_memcpy(&bits, piece + PIECE - 1, sizeof bits);
    return bits;
}}
static inline int varies(const double *piece) {{ return terms_of(piece) != 0; }}
static inline double input_at(const double *p, double s)
{{
    const long terms = terms_of(p);
    if (!terms) return p[0];
    double value = p[0] + p[1] * s;
    if (terms & DECAY) value += p[2] * exp(-s / p[3]);
    if (terms & SINE) value += p[4] * sin(p[5] + (p[6] + p[7] * s) * s);
    return value;
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

#: In the kind of an arrival: its place is later than that of the arrival before it, or than the start.
LATER = 128


def c_arrivals() -> str:
    """Print what kernels of models at which spikes arrive need in addition."""
    return f"enum {{ LATER = {LATER} }};\n"


def c_prelude(build: Build, number: NumberFormat, vector_exp: bool = False) -> str:
    """Print the code before kernels; `vector_exp` says whether vector versions of exp and pow may be called."""
    head = (
        _VECTOR_FUNCTIONS.format(c=number.c_type, f=number.suffix)
        if vector_exp and build.lanes and number.functions
        else ""
    )
    fresh = _FRESH.replace('"+x"', f'"+{number.register}"')
    if number.kinds and not build.lanes:
        head += "#define ONE_NEURON\n"
    return head + _PRELUDE + number.is_number + fresh + (_SELECT_IN_LANES if build.lanes else number.select)


def c_stimulus() -> str:
    """Print the functions that read the pieces of a stimulus, for kernels whose input is not sampled."""
    return _STIMULUS.format(
        **{term: bit for term, (bit, _) in TERMS.items()},
        most_iterations=MOST_ITERATIONS,
        piece=PIECE,
        full=TOO_MANY_SPIKES,
        too_small=STEP_TOO_SMALL,
        too_many=TOO_MANY_STEPS,
    )


def c_expression(node: Expr, number: NumberFormat, hidden: Collection[int] = ()) -> str:
    """Print an expression in C; about the values of nodes whose ids are in `hidden`, the compiler knows nothing."""
    if id(node) in hidden:
        return f"hidden({_printed(node, number, hidden)})"
    return _printed(node, number, hidden)


def _printed(node: Expr, number: NumberFormat, hidden: Collection[int]) -> str:
    if isinstance(node, Const):
        literal = number.literal(node.value)
        return f"({literal})" if node.value < 0 else literal
    if isinstance(node, Var):
        return f"{node.name}_"
    if isinstance(node, Table):
        return _c_name(node)
    assert isinstance(node, Op)
    args = [c_expression(arg, number, hidden) for arg in node.args]
    if _compares_twice(node):
        args[1] = f"apart({args[1]})"
    if own := number.operation(node.kind, args):
        return own
    if node.kind in _INFIX:
        return f"({args[0]} {_INFIX[node.kind]} {args[1]})"
    if node.kind == "neg":
        return f"(-{args[0]})"
    if node.kind == "not":
        return f"(!{args[0]})"
    if node.kind == "select":
        return f"choose({', '.join(args)})"
    if node.kind == "cell":
        assert isinstance(node.args[1], Const)
        return f"table_cell({args[0]}, {int(node.args[1].value)})"
    if node.kind == "entry":
        return f"{args[0]}[{args[1]}]"
    return f"{_CALLS.get(node.kind) or _DECLARED[node.kind]}{number.suffix}({', '.join(args)})"


def _compares_twice(node: Expr) -> bool:
    """Whether both sides of ``and`` or ``or`` compare the same numbers, such as ``a <= b and b <= a`` (``a == b``)."""
    if not isinstance(node, Op) or node.kind not in ("and", "or"):
        return False
    left, right = (
        {frozenset(map(text, each.args)) for each in nodes(arg) if isinstance(each, Op) and each.kind in _COMPARISONS}
        for arg in node.args
    )
    return bool(left & right)


def _to_hide(block: Block, number: NumberFormat) -> set[int]:
    """Return the ids of nodes whose values must be hidden from the compiler, so that it leaves no operation out.

    It knows that ``abs(x)*abs(x)`` is ``x*x``, that the square of ``abs(x)*y`` is that of ``x*y``, that ``abs(exp(x))``
    is ``exp(x)``, that ``-x/-y`` is ``x/y``, and that what is rounded is whole. So it is not told of what an absolute
    value is taken, that a value is one or is rounded, or that a factor is a negative of something. Neither does it see
    a number that is 1 only in this format.
    """
    if not number.functions:
        return set()
    found: set[int] = set()
    for node in nodes(*(assign.value for assign in block.assignments)):
        if isinstance(node, Const) and abs(node.value) != 1 and abs(number.dtype.type(float(node.value))) == 1:
            found.add(id(node))
        if not isinstance(node, Op):
            continue
        if node.kind in (*_ROUNDED, "abs"):
            found.add(id(node))
        if node.kind == "abs":
            found.add(id(node.args[0]))
        if node.kind in ("mul", "div"):
            found |= {id(arg) for arg in node.args if isinstance(arg, Op) and arg.kind == "neg"}
    return found


def c_block(block: Block, indent: int, declared: Iterable[str] = (), *, number: NumberFormat) -> str:
    """Print the statements of a block; names in `declared` are only assigned, other names are declared."""
    lines: list[str] = []
    integers: set[str] = set()
    hidden = _to_hide(block, number)
    for assign in block.assignments:
        value = assign.value
        is_integer = (
            value.kind in _INTEGERS if isinstance(value, Op) else isinstance(value, Var) and value.name in integers
        )
        integers |= {assign.target} if is_integer else set()
        kind = "" if assign.target in declared else "int " if is_integer else f"const {number.c_type} "
        lines.append(f"{' ' * indent}{kind}{assign.target}_ = {c_expression(assign.value, number, hidden)};\n")
    return "".join(lines)


def c_functions(blocks: Iterable[Block], build: Build, number: NumberFormat, vector: bool) -> str:
    """Declare what blocks call: functions of C's library, except those that the header <math.h> declares for us.

    Parameters
    ----------
    blocks : iterable of Block
    build : Build
    number : NumberFormat
    vector : bool
        Whether their vector versions may be called.
    """
    used = [node for block in blocks for node in nodes(*(assign.value for assign in block.assignments))]
    called = {node.kind for node in used if isinstance(node, Op) and node.kind in _DECLARED}
    apart = _APART.format(apart="(test)" if build.lanes else _APART_ALONE) if any(map(_compares_twice, used)) else ""
    if any(_to_hide(block, number) for block in blocks):
        alone = _HIDDEN_ALONE.format(c=number.c_type, register=number.register)
        apart += f"\n#define hidden(number) {'(number)' if build.lanes else alone}\n"
    lines = []
    for kind in CALLS:
        if kind in called:
            library, c = f"{FUNCTIONS[kind].library}{number.suffix}", number.c_type
            in_lanes = vector and build.lanes and has_vector_version(library, number.bits)
            attributes = 'const, simd("notinbranch")' if in_lanes else "const"
            declared = f"{_DECLARED[kind]}{number.suffix}({c})"
            lines.append(f'__attribute__(({attributes})) {c} {declared} LIBRARY("{library}");\n')
    return apart + (_DECLARED_AS + "".join(lines) if lines else "")


def c_tables(blocks: Iterable[Block], number: NumberFormat) -> str:
    """Print every table once, and the lookup function."""
    found = {
        _c_name(node): node
        for block in blocks
        for node in nodes(*(assign.value for assign in block.assignments))
        if isinstance(node, Table)
    }
    lines = [
        f"static const {number.c_type} {name}[] = {{{', '.join(map(number.literal, table.values))}}};\n"
        for name, table in found.items()
    ]
    return _CELL.replace("{c_type}", number.c_type) + "".join(lines) if lines else ""


def _c_name(table: Table) -> str:
    """Return a name that is different for tables that have the same name but different numbers."""
    content = hashlib.sha256(array("d", table.values)).hexdigest()
    return f"{table.name}_{content[:12]}"
