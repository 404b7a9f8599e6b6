"""Where the numbers come from: machine, toolchain, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..flops import toolchain

PACKAGES = ("spikecost", "brian2", "heyoka", "numpy", "pandas", "pyarrow", "sympy", "joblib", "PyQBDI", "capstone",
            "matplotlib", "plotly", "jinja2")


def provenance() -> dict[str, str]:
    """Return facts of this machine and installation, by name."""
    compiler = toolchain.find_compiler()
    return {
        "processor": f"{toolchain.cpu_model()}, {os.cpu_count()} logical processors",
        "vector instructions": ", ".join(toolchain.simd_extensions()) or "none known",
        "processor's features": " ".join(toolchain.cpu_flags()) or "not known",
        "system": f"{platform.system()} {platform.release()}",
        "mathematics library": " ".join(platform.libc_ver()).strip() or "not known",
        "exp in SIMD lanes": "vector library (libmvec)" if toolchain.has_vector_exp() else "scalar",
        "compiler": compiler.version,
        "flags, one neuron": " ".join(toolchain.SCALAR.flags),
        "flags, SIMD lanes": " ".join(toolchain.SIMD.flags),
        "Python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"


def _commit() -> str:
    """Return the commit that runs, if spikecost runs from its own repository."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return "not known: spikecost does not run from its repository"
    try:
        head, changed = (subprocess.run(["git", "-C", str(root), *command], capture_output=True,  # noqa: S607
                                        text=True, check=True).stdout.strip()
                         for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]))
    except (OSError, subprocess.CalledProcessError):
        return "not known: git gives no answer"
    return f"{head}, with changes" if changed else head
