"""Check that a compiler's output is complete: a failing compiler may report success, and its output would be kept."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from ..models.ground.bounded import brief, patience, run_bounded


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


def why_not_loaded(library: Path, product: bytes, source: str) -> str:
    """Return why a library cannot be loaded, or lacks functions of its source; empty if it is fine.

    Another program loads it, with every function that it calls: a damaged library can crash the process that loads it.
    """
    path = f"./{library.name}"  # a longer one may have spaces, which separate libraries
    answer = run_bounded(
        ["/usr/bin/env", "LD_BIND_NOW=1", f"LD_PRELOAD={path}", "true"], patience(), folder=library.parent
    )
    if answer.failure or path in answer.text:
        how = f"a process that tried {answer.failure}" if answer.failure else brief(answer.text)
        return f"its output cannot be loaded: {how}"
    functions = re.findall(r"^(?:void|int|long|double) (\w+)\(", source, re.MULTILINE)
    missing = next((name for name in functions if f"{name}\0".encode() not in product), "")
    return f"its output lacks the function {missing}" if missing else ""
