"""Work whose page faults are known."""

import ctypes
import mmap
from collections.abc import Iterator


def touch(pages: int) -> Iterator[None]:
    """Prepare; then write to pages that were never written to, each of which the kernel gives by a fault of its own."""
    with mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        first = ctypes.c_char.from_buffer(memory)
        yield
        ctypes.memset(ctypes.byref(first), 1, pages * mmap.PAGESIZE)
        del first
        yield
