"""What is imported at the start: a command imports only what it uses."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from spikecost.models.catalogue import MODELS

pytestmark = pytest.mark.slow

#: Libraries that take long to import.
SLOW = {"brian2", "heyoka", "matplotlib", "pandas", "sympy"}


#: Runs a command, or only imports the package, and then writes the names of all imported modules.
SCRIPT = """
import sys
sys.argv[0] = "spikecost"
import spikecost
if sys.argv[1:]:
    from spikecost.__main__ import main
    try:
        main()
    except SystemExit:  # after a help text
        pass
sys.stderr.write("\\n".join(["imported:", *sys.modules]))
"""


def imported(*command, folder=None):
    """Return the names of all modules that a command imported, and what it printed."""
    environment = {**os.environ, "SPIKECOST_CACHE": str(folder)} if folder else None
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *command], capture_output=True, text=True, check=True, env=environment
    )
    return done.stderr.partition("imported:\n")[2].split("\n"), done.stdout


def slow(modules):
    return SLOW.intersection(module.partition(".")[0] for module in modules)


def test_the_package():
    modules, _ = imported()
    assert "spikecost" in modules
    assert not slow(modules)


@pytest.mark.parametrize("options", [["--help"], ["run", "--help"], ["cache", "--help"]])
def test_help(options):
    modules, printed = imported(*options)
    assert printed.startswith("usage:")
    assert "spikecost.cli" in modules
    assert not slow(modules)


def test_the_lists(tmp_path):
    """They are made once; then nothing that reads equations is imported, and the same is printed."""
    first, printed = imported("models", folder=tmp_path)
    assert "brian2" in slow(first)
    again, same = imported("models", folder=tmp_path)
    assert not slow(again)
    assert same == printed
    _, as_json = imported("models", "--json", folder=tmp_path)
    assert [row["model"] for row in json.loads(as_json)] == list(MODELS)


@pytest.mark.parametrize("asked", ["lif --method dormand_prince", "izhikevich:CH --json --dt 0.5ms"])
def test_a_count_is_kept(asked, tmp_path):
    """The same question is answered from disk, with the same words; another one is counted."""
    first, printed = imported("count", *asked.split(), folder=tmp_path)
    assert "brian2" in slow(first)
    again, same = imported("count", *asked.split(), folder=tmp_path)
    assert not slow(again)
    assert same == printed
    _, other = imported("count", *asked.split(), "--detection", "hermite", folder=tmp_path)
    assert other != printed


def test_what_may_change_is_not_kept(tmp_path):
    """The model of a file is counted again: the file may be another one."""
    model = tmp_path / "model.toml"
    text = 'equations = "dv/dt = -v/(5*ms) + I : 1\\nI : hertz"\nthreshold = "v > 1"\nreset = "v = 0"\n'
    text += "initial = { v = 0 }\n"
    printed = []
    for equations in (text, text.replace("-v/", "-v**2/")):
        model.write_text(equations)
        printed.append(imported("count", str(model), folder=tmp_path / "cache")[1])
    assert "add" in printed[0]
    assert printed[0] != printed[1]


def test_one_model(tmp_path):
    """A count imports the file of its model and of no other, and nothing that draws or solves."""
    modules, _ = imported("count", "izhikevich:CH", folder=tmp_path)
    assert not {"pylab", "matplotlib.pyplot", "pytest"}.intersection(modules)
    files = {each.rpartition(".")[2] for each in modules if each.startswith("spikecost.models.catalogue.")}
    assert files == {"izhikevich"}
    assert not {"heyoka", "pandas"}.intersection(slow(modules))


def test_a_script_gets_all_of_brian2(tmp_path):
    """Brian2 gives the names of pylab on to scripts; only a count of a model of the catalogue leaves them out."""
    script = tmp_path / "script.py"
    script.write_text(
        "from brian2 import *\nfigure_of = figure\n"
        "group = NeuronGroup(1, 'dv/dt = (1 - v)/(9*ms) : 1', threshold='v > 2', reset='v = 0', method='euler')\n"
    )
    modules, printed = imported("count", f"{script}:group", "--input", "", folder=tmp_path / "cache")
    assert "matplotlib.pyplot" in modules
    assert "compare" in printed


def test_windows_is_refused_in_one_line():
    script = "import sys; sys.platform = 'win32'; from spikecost.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "WSL" in done.stderr


@pytest.mark.parametrize("megabytes", [100, 390, 450])
def test_a_program_that_is_refused_memory_says_so_in_one_line_and_ends(megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    command = [sys.executable, "-m", "spikecost", "count", "lif", "--method", "euler"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit, timeout=60)
    if megabytes < 400 or done.returncode:  # how much is enough depends on the machine
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "memory" in done.stderr
