"""What a Python file leaves that is executed for its models."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import brian2
import matplotlib
import numpy as np
import pytest
from brian2 import ms, us

from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model

#: Statements that change the whole process.
CHANGES = """\
import os
from brian2 import *
os.chdir("elsewhere")
np.seterr(all="raise")
os.environ["CC"] = "another"
import warnings
warnings.simplefilter("ignore", FutureWarning)
prefs.core.default_float_dtype = float32
plt.rcParams["font.size"] = 30
defaultclock.dt = 25*us
"""
NOISY = """\
from brian2 import *
rest = dict(threshold="v > 1", reset="v = 0", method="euler")
noisy = NeuronGroup(1, "dv/dt = (2 + randn() - v)/(10*ms) : 1", **rest)
"""
RUNS = """\
defaultclock.dt = 50*us
def simulate():
    Network(noisy).run(1*ms)
simulate()
defaultclock.dt = 200*us
late = NeuronGroup(1, "dv/dt = (2 + randn() - v)/(10*ms) : 1", **rest)
"""


def of_the_process() -> tuple[object, ...]:
    dtype, size = brian2.prefs.core.default_float_dtype, matplotlib.rcParams["font.size"]
    rest = os.environ.get("CC"), list(warnings.filters)
    return Path.cwd(), np.geterr(), dtype, size, float(brian2.defaultclock.dt), rest


@pytest.mark.parametrize("ends", ["", "raise ValueError"])
def test_a_file_leaves_no_trace_in_the_process(tmp_path, monkeypatch, ends):
    """A report would be written into another folder, and Brian2 would run other models in single precision."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "changes.py").write_text(CHANGES + NOISY + ends)
    monkeypatch.chdir(tmp_path)
    before = of_the_process()
    if ends:
        with pytest.raises(UserError, match=r"^changes\.py:14: ValueError"):
            get_model("changes.py:noisy")
    else:
        assert get_model("changes.py:noisy").sampling == 25 * us
    assert of_the_process() == before


def test_the_time_step_of_one_file_is_not_that_of_another(tmp_path, monkeypatch):
    """Brian2 has one default clock. A group has its time step at the group's first run, or at the end of its file."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "changes.py").write_text(CHANGES + NOISY)
    (tmp_path / "other.py").write_text(NOISY)
    (tmp_path / "runs.py").write_text(NOISY + RUNS)
    monkeypatch.chdir(tmp_path)
    names = ("changes.py:noisy", "other.py:noisy", "runs.py:noisy", "runs.py:late", "changes.py:noisy")
    steps = [float(get_model(name).sampling / us) for name in names]
    assert steps == pytest.approx([25, 100, 50, 200, 25])
    assert brian2.defaultclock.dt == 0.1 * ms
