"""Every event name in the tables is known to libpfm4, with the code in the table."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from spikecost.flops.counters.hardware.events import tables

ENCODER = Path(__file__).parent / "encode_events.py"
CPUS = [pytest.param(pmu, cpu, id=pmu) for table in tables() for cpu in table.cpus for pmu in cpu.pmus]


def test_the_tables_name_the_processors_that_they_are_for():
    pmus = {pmu for table in tables() for cpu in table.cpus for pmu in cpu.pmus}
    assert {
        "skx",
        "icx",
        "spr",
        "amd64_fam17h_zen2",
        "amd64_fam19h_zen3",
        "amd64_fam19h_zen4",
        "amd64_fam1ah_zen5",
        "arm_v1",
        "arm_n2",
        "arm_v2",
    } <= pmus


@pytest.mark.parametrize(("pmu", "cpu"), CPUS)
def test_names_and_codes_are_those_of_libpfm4(pmu, cpu):
    terms = {term.event: term.code for formula in cpu.formulas for term in formula.terms}
    assert encoded(pmu, tuple(terms)) == terms


def test_neoverse_n1_has_no_operations_event():
    assert encoded("arm_n1", ("FP_FIXED_OPS_SPEC", "VFP_SPEC")) == {
        "FP_FIXED_OPS_SPEC": "event not found",
        "VFP_SPEC": 0x75,
    }


def test_a_misspelt_name_is_found_out():
    assert encoded("skx", ("FP_ARITH_INST_RETIRED:SCALAR_DUOBLE", "FP_ARITH_INST_RETIRED:SCALAR_DOUBLE")) == {
        "FP_ARITH_INST_RETIRED:SCALAR_DUOBLE": "invalid event attribute",
        "FP_ARITH_INST_RETIRED:SCALAR_DOUBLE": 0x01C7,
    }


def encoded(pmu: str, events: tuple[str, ...]) -> dict[str, int | str]:
    for command in encoders():
        # PYTHONHOME is only for the emulated Python, which has its own folder
        environment = {**os.environ, "LIBPFM_FORCE_PMU": pmu} | (
            {"PYTHONHOME": str(Path(command[2], "usr"))} if "-L" in command else {}
        )
        answer = subprocess.run([*command, *events], env=environment, capture_output=True, text=True, check=True)
        if answer.stdout:
            pairs = (line.split("\t") for line in answer.stdout.splitlines())
            return {event: int(code) if code.isdigit() else code for event, code in pairs}
    assert "SPIKECOST_LIBPFM4" not in os.environ, f"no libpfm4 in SPIKECOST_LIBPFM4 knows {pmu}"
    pytest.skip(
        "no libpfm4 here knows the processor: install it (Debian: apt-get install libpfm4 qemu-user), run "
        ".ci/libpfm4 FOLDER for the processors that it does not know, and set SPIKECOST_LIBPFM4=FOLDER"
    )


@cache
def encoders() -> list[list[str]]:
    """Commands that take event names: this machine's libpfm4, and those that `.ci/libpfm4` fetched."""
    commands = []
    if is_loadable("libpfm.so.4"):
        commands.append([sys.executable, str(ENCODER), "libpfm.so.4"])
    if "SPIKECOST_LIBPFM4" in os.environ:
        folder = Path(os.environ["SPIKECOST_LIBPFM4"])
        assert folder.is_dir(), f"SPIKECOST_LIBPFM4={folder} is not a folder"
        if platform.machine() == "x86_64":
            (library,) = folder.glob("amd64/usr/lib/*/libpfm.so.4")
            commands.append([sys.executable, str(ENCODER), str(library)])
        emulator = shutil.which("qemu-aarch64")
        assert emulator, "SPIKECOST_LIBPFM4 is set but qemu-aarch64 is missing: install qemu-user"
        (python,) = folder.glob("arm64/usr/bin/python3.*[0-9]")
        commands.append([emulator, "-L", str(folder / "arm64"), str(python), "-S", str(ENCODER), "libpfm.so.4"])
    return commands


def is_loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
