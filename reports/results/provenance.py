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
        **_project(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"


def _commit() -> dict[str, str]:
    """Return the running commit, if spikecost runs from its own repository, and the files changed since; else ''."""
    root = Path(__file__).parents[2]
    head, changed = _git(root) if (root / ".git").exists() else ("", "")
    return {"commit": head, "files changed since": changed}


def _project() -> dict[str, str]:
    """Return the commit of the repository that spikecost was started in, and the files changed since; else ''."""
    head, changed = _git(Path.cwd())
    return {"project's commit": head or _of_service(), "project's files changed since": changed}


def _of_service() -> str:
    """Return the commit that a service for continuous integration names, for example if there is no git."""
    return next((os.environ[name] for name in ("GITHUB_SHA", "CI_COMMIT_SHA") if os.environ.get(name)), "")


def _git(folder: Path) -> tuple[str, str]:
    """Return the commit of the repository that contains a folder, and the number of files changed since; else ''."""
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", str(folder), *command],  # noqa: S607
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "", ""
    return head, str(len(changed.splitlines()))


def commit_said(facts: Mapping[str, str]) -> str:
    """Return the commit of spikecost that ran, from the facts of `provenance`; empty if it is not known."""
    return _with_changes(facts.get("commit", ""), facts.get("files changed since", ""))


def project_commit_said(facts: Mapping[str, str]) -> str:
    """Return the commit of the user's repository, from the facts of `provenance`; empty if it is not known."""
    return _with_changes(facts.get("project's commit", ""), facts.get("project's files changed since", ""))


def _with_changes(commit: str, changed: str) -> str:
    return commit + (", with changes" if commit and changed not in ("", "0") else "")
