"""Work with a known number of page faults."""

import ctypes
import mmap
from collections.abc import Iterator


def touch(pages: int) -> Iterator[None]:
    """Prepare; then write to new pages, each of which causes one page fault."""
    with mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        first = ctypes.c_char.from_buffer(memory)
        yield
        ctypes.memset(ctypes.byref(first), 1, pages * mmap.PAGESIZE)
        del first
        yield
