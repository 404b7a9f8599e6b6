"""Completion in a shell: what argcomplete's script asks, and what it gets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from spikecost.accuracy.features import FEATURES
from spikecost.models.catalogue import MODELS
from spikecost.models.methods import METHODS
from spikecost.reports.claims import published  # noqa: F401 - registers the claims
from spikecost.reports.claims.claim import CLAIMS
from spikecost.reports.commands.about_models.names import names_of


def completions(line, folder):
    """Ask as bash does: the names come through file 8."""
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "COMP_TYPE": "9",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    script = "import sys; sys.argv[0] = 'spikecost'; from spikecost.__main__ import main; main()"
    done = subprocess.run(
        ["/bin/bash", "-c", 'exec 3>&1; "$0" -c "$1" 8>&3 9>/dev/null >/dev/null', sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=folder,
    )
    assert done.stderr == ""
    return [name.strip() for name in done.stdout.split("\n")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("spikecost rec", ["recommend"]),
        ("spikecost recommend --tol", ["--tolerance"]),
        ("spikecost count izhikevich:C", ["izhikevich:CH"]),
        ("spikecost count lif --method exponential_euler_s", ["exponential_euler_staggered"]),
        ("spikecost recommend --features tonic_spiking,tonic_b", ["tonic_spiking,tonic_bursting"]),
        ("spikecost claims ranking", ["ranking_2020"]),
        ("spikecost report --format tex,bi", ["tex,bib"]),
        ("spikecost show mine", ["mine.py", "mine.toml"]),
        ("spikecost store ver", ["verify"]),
    ],
)
def test_what_can_follow(line, expected, tmp_path):
    for name in ("mine.py", "mine.toml", "mine.txt"):
        (tmp_path / name).touch()
    assert sorted(completions(line, tmp_path)) == expected


def test_names_are_those_of_the_registries():
    assert set(MODELS) <= set(names_of("models"))
    assert names_of("methods") == list(METHODS)
    assert names_of("features") == list(FEATURES)
    assert names_of("claims") == list(CLAIMS)
