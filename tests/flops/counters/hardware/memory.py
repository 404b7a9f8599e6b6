"""Work with a known number of page faults."""

import ctypes
import mmap
from collections.abc import Iterator
from typing import Any

PAGES = 300


def touch(pages: int) -> Iterator[None]:
    """Prepare; then write to new pages, each of which causes one page fault."""
    with mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        first = ctypes.c_char.from_buffer(memory)
        yield
        ctypes.memset(ctypes.byref(first), 1, pages * mmap.PAGESIZE)
        del first
        yield


def check_page_faults(events: Any) -> None:
    """Check that the second of some started events counts each page fault."""
    counted = []
    for pages in (1, 1, 17, *[PAGES] * 5):  # the first run loads what it needs
        work = touch(pages)
        next(work)
        events.start()
        before = events.read()
        next(work)
        after = events.read()
        events.stop()
        counted.append(after[1] - before[1])
    # Python itself may touch a new page in between, so some runs may have one or two more; none has fewer
    assert min(counted[-5:]) == PAGES
    assert max(counted[-5:]) <= PAGES + 2
