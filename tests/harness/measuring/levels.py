"""Levels of x86-64 for which kernels are built, and what a processor needs to run them."""

import platform

import pytest

from spikecost.flops.toolchain import cpu_flags

NEEDS = {
    "x86-64-v2": ("sse4_2", "ssse3", "popcnt"),
    "x86-64-v3": ("avx2", "fma", "bmi2"),
    "x86-64-v4": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
    "native": (),
}


def require_level(level: str) -> None:
    """Skip a test that runs code for a level that this processor does not have."""
    if level != "native" and platform.machine() != "x86_64":
        pytest.skip(f"this processor has no {level}: it is {platform.machine()}; run the tests on x86-64")
    if missing := [flag for flag in NEEDS[level] if flag not in cpu_flags()]:
        pytest.skip(f"this processor has no {', '.join(missing)}, which {level} needs; run the tests on one that has")
