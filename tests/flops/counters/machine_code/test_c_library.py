"""The C library does no arithmetic for a kernel, and its way of copying memory does not change the counts."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spikecost.flops.counters import COUNTERS
from spikecost.flops.counters.machine_code.image import is_libc, is_libm
from spikecost.flops.counters.workload import CFunction
from spikecost.flops.toolchain import SCALAR, compile_library
from spikecost.models.ground.errors import UserError

N = 200
#: All except the last double one number. The pointers are volatile: otherwise the compiler would replace a call by its
#: own code.
SOURCE = """
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
static int compare(const void *a, const void *b)
{
    return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b);
}
void copies(long n, double *x)
{
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    copy(x + n, x, n * sizeof *x);
    x[0] += x[0];
}
void ends_in_a_copy(long n, double *x)
{
    void (*volatile copy)(void *, const void *, size_t) = (void (*)(void *, const void *, size_t))memcpy;
    x[0] += x[0];
    copy(x + n, x, n * sizeof *x);
}
void allocates(long n, double *x)
{
    double *volatile p = malloc(n * sizeof *x);
    memset(p, 0, n * sizeof *x);
    x[0] += x[0];
    free(p);
}
void tells_the_time(long n, double *x)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    x[0] += x[0];
}
void sorts(long n, double *x) { qsort(x, n, sizeof *x, compare); x[0] += x[0]; }
void draws(long n, double *x) { x[0] = drand48(); }
void generates(long n, double *x)
{
    static const unsigned char doubles[] = {0xf2, 0x0f, 0x58, 0xc0, 0xc3}; /* addsd xmm0, xmm0; ret */
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, doubles, sizeof doubles);
    x[0] = ((double (*)(double))page)(x[0]);
}
"""


def workload(function):
    return CFunction(compile_library(SOURCE, SCALAR), function, (N, np.arange(2.0 * N)[::-1].copy()))


def counted(counter, function):
    with COUNTERS[counter].measure() as counts:
        counts.call(workload(function))
    return counts


@pytest.mark.parametrize("function", ["copies", "ends_in_a_copy", "allocates"])
def test_what_the_c_library_moves_is_neither_counted_nor_lost(function):
    given = workload(function)
    with COUNTERS["instrumented"].measure() as counts:
        counts.call(given)
    assert counts.own.by_kind == {"add": 1}
    assert counts.other.operations == {}
    witness = counted("stepped", function)
    assert witness.own == counts.own
    assert witness.other.operations == {}
    # the function did its work
    x = given.arguments[1]
    assert x[0] == 2 * (2 * N - 1)
    if function == "copies":
        assert x[N:].tolist() == list(range(2 * N - 1, N - 1, -1))
    if function == "ends_in_a_copy":
        assert x[N:].tolist() == x[:N].tolist()


@pytest.mark.parametrize(("function", "reason"), [("draws", "does arithmetic"), ("sorts", "takes a function")])
def test_what_would_go_uncounted_is_refused(function, reason):
    with pytest.raises(UserError, match=f"{function} calls a function of libc.* that {reason}.*use 'stepped'"):
        counted("instrumented", function)


@pytest.mark.parametrize("counter", ["instrumented", "stepped"])
def test_code_that_is_in_no_file_is_not_left_out_without_notice(counter):
    with pytest.raises(UserError, match=f"'{counter}'.*in no file|in no file.*'{counter}'"):
        counted(counter, "generates")


@pytest.mark.parametrize("counter", ["instrumented", "stepped"])
def test_the_kernels_own_code_is_known(counter):
    counts = counted(counter, "tells_the_time")
    assert counts.own.by_kind == {"add": 1}
    assert counts.other is None or counts.other.operations == {}


def test_the_other_counter_follows_it():
    assert counted("stepped", "draws").other.by_kind == {"sub": 1}  # of 1, from a number between 1 and 2
    sorted_by_it = counted("stepped", "sorts").own.by_kind
    assert sorted_by_it["add"] == 1
    assert sorted_by_it["compare"] >= 2 * (N - 1)  # each number is compared at least once, both ways


@pytest.mark.parametrize("without", ["AVX512F AVX512VL", "AVX512F AVX512VL AVX2 ERMS FSRM"])
def test_every_path_of_the_c_library_gives_the_same(without):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_c_library as t; "
        "print([t.counted('instrumented', f).own for f in ('copies', 'ends_in_a_copy')])"
    )
    tunables = "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in without.split())
    answer = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parent)],
        check=True,
        text=True,
        capture_output=True,
        env={**os.environ, "GLIBC_TUNABLES": tunables},
    )
    here = [counted("instrumented", function).own for function in ("copies", "ends_in_a_copy")]
    assert answer.stdout.strip() == str(here)


def test_the_c_library_is_told_from_the_others():
    assert all(is_libc(Path(name)) for name in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib/libc-2.31.so"))
    assert not any(is_libc(Path(name)) for name in ("libm.so.6", "libcrypto.so.3", "libc++.so.1", "libcap.so.2"))
    assert is_libm(Path("libm.so.6"))
