"""What a random number of Brian2 costs: its own C++ generator, counted on the processor."""

import re
import subprocess
from pathlib import Path

import brian2
import numpy as np
import pytest

from spikecost.flops.conventions.base import POLAR
from spikecost.flops.counters import auto
from spikecost.flops.counters.workload import CFunction

TEMPLATE = Path(brian2.__file__).parent / "devices" / "cpp_standalone" / "templates" / "objects.cpp"
#: Enough for a mean within a hundredth.
NUMBERS = 4000
SOURCE = """
#include <cmath>
#include <random>
%s
extern "C" void draw(long numbers, double *last)
{
    RandomGenerator generator;
    generator.seed(1);
    for (long i = 0; i < numbers; i++) *last = generator.randn();
}
"""


def test_the_operations_of_a_random_number_are_those_that_brian2s_generator_executes(tmp_path, cpp_compiler):
    text = TEMPLATE.read_text(encoding="utf-8")
    written = re.search(r"^class RandomGenerator \{.*?^\};", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "draw.cpp").write_text(SOURCE % written[0], encoding="utf-8")
    library = tmp_path / "draw.so"
    subprocess.run(
        [cpp_compiler, "-O2", "-fno-math-errno", "-shared", "-fPIC", "-o", library, tmp_path / "draw.cpp"], check=True
    )
    counter = auto.best(exact=True)
    with counter.measure() as counts:
        counts.call(CFunction(library, "draw", (NUMBERS, np.zeros(1))))
    per_number = {kind: n / NUMBERS for kind, n in counts.own.by_kind.items()}
    assert per_number["sqrt"] == POLAR["sqrt"] == 0.5
    # the compiler writes x + x for 2 x, and a product for a division by a power of two
    arithmetic = ("add", "sub", "mul", "div")
    measured, expected = (sum(each[kind] for kind in arithmetic) for each in (per_number, POLAR))
    assert measured == pytest.approx(expected, rel=0.03)
    assert per_number["sub"] == pytest.approx(POLAR["sub"], rel=0.03)
    assert per_number["compare"] == pytest.approx(POLAR["compare"], rel=0.03)
    assert per_number["log"] == POLAR["log"]
