"""An estimate of a suite's processor time is what its cells would take, if a cell takes what its operations do."""

from __future__ import annotations

import json

import pytest

from spikecost.accuracy.regimes.regime import Regime
from spikecost.accuracy.study import estimate as module
from spikecost.accuracy.study.estimate import OfModel, OfRegime, estimate
from spikecost.accuracy.study.suite import Suite
from spikecost.cli import main
from spikecost.models.ground.errors import UserError
from spikecost.reports.commands.estimate import as_json, as_text, duration

#: Seconds that finding a regime takes in these tests, and seconds per operation of a sweep.
FINDING, SWEEP = 3.0, 0.25


class Clock:
    """A clock that goes on only when something is computed."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def suite(monkeypatch):
    """A suite whose regimes and sweeps take known times, and the clock that shows them."""
    clock = Clock()
    suite = Suite(models=("lif", "qif"), methods=("euler", "rk4", "heun"), rates=(10.0, 20.0, 50.0), trials=1)

    def find(model, stimulus, level, *_, **__):
        clock.now += FINDING
        return Regime(model, stimulus, str(level), 1000.0)

    def sweep(regime, method, detection, kernels, _suite, *, store):
        clock.now += SWEEP * module.guessed_cost(regime, method, detection, kernels)

    monkeypatch.setattr("spikecost.accuracy.study.suite.at_rate", find)
    monkeypatch.setattr(module, "swept_curve", sweep)
    return suite, clock


def test_it_is_exact_if_cells_take_what_their_operations_do(suite, monkeypatch):
    suite, clock = suite
    one = estimate(suite, 1, clock=clock)
    clock.now = 0.0
    monkeypatch.setattr(module, "PAIRS", 1000)
    whole = estimate(suite, 3, clock=clock)
    assert whole.seconds == pytest.approx(clock.now)  # everything was measured
    assert one.seconds == pytest.approx(whole.seconds)
    assert one.spent < whole.spent
    assert [each.finding for each in one.models] == [3 * FINDING] * 2
    assert one.cells == whole.cells > 2 * 3
    assert whole.error == 0


def test_the_error_is_that_of_a_mean_of_a_few_of_many():
    of_model = OfModel("lif", 10, 100, (OfRegime(1.0, 2.0), OfRegime(1.0, 4.0)))
    assert of_model.finding + of_model.sweeping == 10 * 4
    # variance 2 of two values, of ten: 10 sqrt(2/2 (1 - 2/10))
    assert of_model.error == pytest.approx(10 * 0.8**0.5)


def test_what_is_shown(suite):
    suite, clock = suite
    found = estimate(suite, 2, clock=clock)
    shown = as_json(found, 2)
    assert json.loads(json.dumps(shown)) == shown
    assert shown["processor_seconds"] == pytest.approx(2 * shown["shortest_wall_seconds"])
    assert f"{found.cells} cells" in as_text(found, 2).replace("\n", " ")
    assert [duration(each) for each in (1.0, 130.0, 7200.0, 1e6)] == ["1 s", "2.2 min", "2 h", "12 days"]


def test_the_command_runs_nothing_else(tmp_path, capsys):
    given = "--models lif --methods euler rk4 --detections grid --rates 50 --horizons 100ms --trials 2 --json --quiet"
    assert main(["run", "--estimate", *given.split(), "--out", str(tmp_path / "out")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cells"] == 2
    assert found["processor_seconds"] > 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("regimes", [0, -1])
def test_no_regimes(regimes):
    with pytest.raises(UserError, match="1 or more"):
        estimate(Suite(models=("lif",)), regimes)
