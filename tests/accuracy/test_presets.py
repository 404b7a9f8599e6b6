"""Every model and preset spikes at its drive as stored in f_i.csv, with two independent solvers."""

from __future__ import annotations

import numpy as np
import pytest

from spikecost.accuracy.regimes.drives import constant_drive
from spikecost.models.reading.by_name import get_model

from ..archetypes import choose, is_archetype
from . import f_i
from .second_solver import dop853

POINTS = f_i.read()


def name(point: f_i.Point) -> str:
    return f"{point.model} x {point.strength:g}"


def test_every_preset_has_its_rows_and_spikes_under_its_drive():
    wanted = [(label, strength) for label in f_i.presets() for strength in f_i.STRENGTHS]
    found = [(point.model, point.strength) for point in POINTS]
    assert found == wanted, f"run python tests/accuracy/f_i.py, and look at what changes in {f_i.FILE.name}"
    assert all(point.spikes for point in POINTS)


def is_everyday(point: f_i.Point) -> bool:
    """Whether everyday tests compute the reference; the independent solver always finds all spikes of the file."""
    return is_archetype(point.model.partition(":")[0]) and point.strength == f_i.STRENGTHS[-1]


@pytest.mark.slow
@pytest.mark.parametrize("point", choose(POINTS, is_everyday), ids=name)
def test_the_references_are_those_of_the_file(point):
    found = f_i.computed(point.model, point.strength)
    assert found.spikes == point.spikes
    assert found.times == pytest.approx(point.times, rel=0, abs=2e-9)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS, ids=name)
def test_an_independent_solver_finds_the_files_spikes(point):
    model = get_model(point.model)
    # past the last time of the file, so that a spike more would be found
    whole = len(point.times) == point.spikes
    horizon = f_i.HORIZON if whole else point.times[-1] + 1e-3
    found = dop853(model, constant_drive(model, f_i.drive(point.model, point.strength), horizon), rtol=1e-10)
    assert len(found) == len(point.times)
    np.testing.assert_allclose(found, point.times, rtol=0, atol=1e-6)
