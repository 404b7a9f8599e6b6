"""Check that a compiler's output is complete: a failing compiler may report success, and its output would be kept."""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path

from ..models.ground.bounded import patience, run_bounded

_TRIAL = """\
import ctypes, sys
library = ctypes.CDLL(sys.argv[1], 2)  # 2: every function that it calls must be there
for name in sys.argv[2:]:
    getattr(library, name)
"""


def why_cut_short(product: bytes) -> str:
    """Return why a file is not a complete ELF file, judged by its headers; empty if it is."""
    if not product:
        return "it made no file"
    if product[:4] != b"\x7fELF":
        return "its output is not an executable file"
    if product[4:6] != b"\x02\x01":  # only 64-bit little-endian files are checked
        return ""
    cut = "its output is cut short"
    if len(product) < 64:
        return cut
    segments, sections = struct.unpack_from("<QQ", product, 32)
    segment_size, segment_count, section_size, section_count = struct.unpack_from("<HHHH", product, 54)
    if max(segments + segment_size * segment_count, sections + section_size * section_count) > len(product):
        return cut
    for i in range(segment_count):
        offset, size = (struct.unpack_from("<Q", product, segments + i * segment_size + at)[0] for at in (8, 32))
        if offset + size > len(product):
            return cut
    return ""


def why_not_loaded(library: Path, source: str) -> str:
    """Return why a library cannot be loaded, or lacks functions of its source; empty if it is fine.

    It is tried in another process: a damaged library can crash the process that loads it.
    """
    functions = re.findall(r"^(?:void|int|long|double) (\w+)\(", source, re.MULTILINE)
    answer = run_bounded([sys.executable, "-I", "-S", "-c", _TRIAL, str(library), *functions], patience())
    return f"its output cannot be loaded: a process that tried {answer.failure}" if answer.failure else ""
