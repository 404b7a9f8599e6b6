"""Where the numbers come from: machine, toolchain, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...flops import toolchain

PACKAGES = (
    "spikecost",
    "brian2",
    "heyoka",
    "numpy",
    "pandas",
    "pyarrow",
    "sympy",
    "PyQBDI",
    "capstone",
    "matplotlib",
    "plotly",
    "jinja2",
)


def provenance() -> dict[str, str]:
    """Return facts of this machine and installation, by name."""
    compiler = toolchain.find_compiler()
    return {
        "processor": toolchain.cpu_model(),
        "logical processors": str(os.cpu_count()),
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
        **_commit(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"


def _commit() -> dict[str, str]:
    """Return the running commit, if spikecost runs from its own repository, and the files changed since; else ''."""
    root = Path(__file__).parents[2]
    unknown = {"commit": "", "files changed since": ""}
    if not (root / ".git").exists():
        return unknown
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", str(root), *command],  # noqa: S607
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return unknown
    return {"commit": head, "files changed since": str(len(changed.splitlines()))}


def commit_said(facts: Mapping[str, str]) -> str:
    """Return the commit that ran, from the facts of `provenance`; empty if it is not known."""
    changed = facts.get("files changed since", "") not in ("", "0")
    return facts.get("commit", "") + (", with changes" if changed else "")
