"""A counter that counts known numbers wrongly is not trusted."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spikecost.flops.counters import COUNTERS, Counts, NothingRetired, Program, Retired, selftest
from spikecost.flops.counters.machine_code.image import image_of
from spikecost.flops.counters.selftest import expected_arithmetic, trusted, why_not_trusted, workload
from spikecost.flops.toolchain import SCALAR, compile_library
from spikecost.models.ground.errors import UserError

from ...messages import mentions

EXACT = [name for name, counter in COUNTERS.items() if counter.exact]


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An exact counter; if it needs a program that is not installed, its tests say which."""
    if request.param == "callgrind":
        request.getfixturevalue("callgrind")
    return str(request.param)


class Wrong:
    """Counts one multiplication too many, and knows no cycles."""

    name = "wrong"
    exact = True
    tells_kinds = True
    tells_images = True
    counts_any_code = False

    def why_not(self) -> str:
        return ""

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        with COUNTERS["instrumented"].measure() as counts:
            yield counts
        counts.own += Retired({("mul", 1): 1}, 0)

    def provenance(self) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("name", EXACT, indirect=True)
def test_every_exact_counter_passes(name: str) -> None:
    assert why_not_trusted(COUNTERS[name]) == ""
    assert trusted()[name] == ""


def test_a_wrong_counter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mentions(why_not_trusted(Wrong()), "501", "mul", "500")
    assert "clang" not in why_not_trusted(Wrong())
    # not the counter is wrong there
    monkeypatch.setattr(selftest, "is_clang", lambda: True)
    assert mentions(why_not_trusted(Wrong()), "501", "mul", "500", "clang", "set CC=gcc")


@pytest.mark.parametrize("name", EXACT, indirect=True)
def test_known_numbers(name: str) -> None:
    with COUNTERS[name].measure() as counts:
        counts.call(workload("arithmetic", 7))
        counts.call(workload("arithmetic", 3))
    assert counts.own.by_kind == {kind: 10 * n for kind, n in expected_arithmetic().items()}
    assert counts.own.flops() == 10 * (3 + 2 + 5 + 2 + (2 * 4 if "fma" in expected_arithmetic() else 0))
    assert counts.libm is not None
    assert counts.libm.operations == {}


@pytest.mark.parametrize("name", EXACT, indirect=True)
def test_nothing_retired_is_an_error(name: str) -> None:
    with pytest.raises(NothingRetired, match="saw no instruction of the kernel"), COUNTERS[name].measure():
        pass


def test_a_program_needs_another_process() -> None:
    counter = COUNTERS["instrumented"]
    with pytest.raises(UserError, match="for a program use 'callgrind'"), counter.measure() as counts:
        counts.call(Program(["true"], "true"))


def test_registers_that_the_instrumentation_loses_are_noticed() -> None:
    source = 'void f(void) { __asm__ volatile("vaddpd %%zmm1, %%zmm1, %%zmm1" ::: "xmm1"); }'
    library = compile_library(source, SCALAR)
    image = image_of(library)
    address = image.address_of_offset(library.read_bytes().find(bytes.fromhex("62f1f54858c9")))
    code = image.code_between(address, address + 6)
    assert code.wide
    assert code.operations == {("add", 8): 1}
