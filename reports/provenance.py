"""Where the numbers come from: machine, toolchain, versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from ..flops import toolchain

PACKAGES = ("spikecost", "brian2", "heyoka", "numpy", "pandas", "matplotlib")


def provenance() -> dict[str, str]:
    """Return facts of this machine and installation, by name."""
    compiler = toolchain.find_compiler()
    return {
        "processor": f"{toolchain.cpu_model()}, {os.cpu_count()} logical processors",
        "vector instructions": ", ".join(toolchain.simd_extensions()) or "none known",
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "compiler": compiler.version,
        "flags, one neuron": " ".join(toolchain.SCALAR.flags),
        "flags, SIMD lanes": " ".join(toolchain.SIMD.flags),
        "exp in SIMD lanes": "vector library (libmvec)" if toolchain.has_vector_exp() else "scalar",
        "Python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
