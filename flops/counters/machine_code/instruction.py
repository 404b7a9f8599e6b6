"""Which floating-point operations an x86-64 instruction executes.

Arithmetic on floating-point numbers is counted, in any width and encoding (SSE, AVX, AVX-512, x87). Moves, shuffles,
conversions and integer instructions are not operations. Two habits of compilers are taken into account. A
bitwise operation on numbers changes a sign (``xorpd`` negates, ``andpd`` takes the absolute value; one that clears a
register is not an operation). A blend, or a move or operation under a mask, is a select. Bitwise operations and blends
have no scalar forms: on the smallest registers they are counted as scalar, so in code with vectors of two only half of
them would be counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capstone import CsInsn

_ARITHMETIC = {
    "add": ("add",),
    "hadd": ("add",),
    "sub": ("sub",),
    "hsub": ("sub",),
    "mul": ("mul",),
    "div": ("div",),
    "sqrt": ("sqrt",),
    "round": ("round",),
    "rndscale": ("round",),
    "min": ("compare", "select"),
    "max": ("compare", "select"),
    "ucomi": ("compare",),
    "comi": ("compare",),
    "blendv": ("select",),
    "blendm": ("select",),
}
_BITWISE = ("xor", "and", "andn", "or")
_FUSED = re.compile(r"f(n?m(add|sub)|m(addsub|subadd))(132|213|231)")
_COMPARE = re.compile(r"cmp[a-z_]*")
_SIMD = re.compile(r"(?P<stem>[a-z0-9_]+?)(?P<form>[sp])(?P<size>[sdh])")
_X87 = re.compile(r"fi?(?P<stem>add|sub|mul|div|sqrt|chs|abs|u?com)(r|p|rp|pp|i|ip|pi)?")
_X87_KIND = {"chs": "sign", "abs": "sign", "com": "compare", "ucom": "compare"}
_BITS = {"s": 32, "d": 64, "h": 16}
_REGISTER_BITS = {"x": 128, "y": 256, "z": 512}


def operations_of(instruction: CsInsn) -> list[tuple[str, int]]:
    """Return (kind, vector width) of each operation that `instruction` executes; most instructions have none."""
    mnemonic, operands = instruction.mnemonic, instruction.op_str
    if "mm" not in operands:
        x87 = _X87.fullmatch(mnemonic) if mnemonic.startswith("f") else None
        return [(_X87_KIND.get(x87["stem"], x87["stem"]), 1)] if x87 else []
    simd = _SIMD.fullmatch(mnemonic.removeprefix("v"))
    if simd is None:
        return []
    stem, form, size = simd["stem"], simd["form"], simd["size"]
    width = 1
    if form == "p":
        width = max(_REGISTER_BITS[bits] for bits in re.findall(r"([xyz])mm\d", operands)) // _BITS[size]
    if stem in _ARITHMETIC:
        width = _scalar(width, size) if stem == "blendv" else width
        masked = [] if stem == "blendm" else _masked(operands, width)
        return [(kind, width) for kind in _ARITHMETIC[stem]] + masked
    if stem == "addsub":
        return [("add", width // 2), ("sub", width // 2)]
    if _FUSED.fullmatch(stem):
        return [("fma", width), *_masked(operands, width)]
    if _COMPARE.fullmatch(stem):
        return [("compare", width)]
    if stem in _BITWISE:
        return [] if stem == "xor" and _clears(operands) else [("sign", _scalar(width, size))]
    if stem in ("mov", "mova", "movu") and "{k" in operands and "[" not in operands:
        return [("select", width)]
    return []


_SUMS = frozenset({"add", "sub", "neg", "inc", "dec"})
_WHOLE = re.compile(r"e(?:[abcd]x|[sd]i|bp)|r\d+d|dword ptr \[.*\]")
_SUM_OF_ADDRESSES = re.compile(r"\[(\w+) [+-] (\w+)\]")
#: A product of numbers of fixed point is shifted by the bits after the point, which no other code does.
_SHIFTED = re.compile(r", 0xf\b")


def whole_operations_of(instruction: CsInsn) -> list[str]:
    """Return the kind of each operation of fixed point that `instruction` executes: on 32-bit integers.

    Sums and differences of 32-bit integers; comparisons of two that are not constants (kernels of fixed point have no
    others); multiplications, which have 64 bits; shifts by the 15 bits after the point. Counters of loops and addresses
    have 64 bits, and truth values are compared with constants.
    """
    mnemonic, operands = instruction.mnemonic, instruction.op_str
    if mnemonic == "imul":
        return ["int_mul"]
    if mnemonic == "sar" and _SHIFTED.search(operands):
        return ["shift"]
    target, *others = [each.strip() for each in operands.split(",")]
    if not _WHOLE.fullmatch(target):
        return []
    if mnemonic in _SUMS or (mnemonic == "lea" and _SUM_OF_ADDRESSES.search(operands)):
        return ["int_add"]
    return ["int_compare"] if mnemonic == "cmp" and _WHOLE.fullmatch(others[0]) else []


def in_single(instruction: CsInsn) -> bool:
    """Whether the operations of `instruction` are on 32-bit numbers."""
    simd = _SIMD.fullmatch(instruction.mnemonic.removeprefix("v"))
    return "mm" in instruction.op_str and simd is not None and simd["size"] == "s"


def _masked(operands: str, width: int) -> list[tuple[str, int]]:
    """Return a select if an operation leaves some lanes of its target unchanged."""
    target = operands.partition(",")[0]
    return [("select", width)] if "{k" in target and "{z}" not in target else []


def _scalar(width: int, size: str) -> int:
    return 1 if width == 128 // _BITS[size] else width


def _clears(operands: str) -> bool:
    registers = [part.strip() for part in operands.split(",")]
    return registers[-1] == registers[-2]
