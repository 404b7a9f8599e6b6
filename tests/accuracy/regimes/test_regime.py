import re
from itertools import pairwise

import numpy as np
import pytest
from brian2 import ms, mV

from spikecost.accuracy.references import cache
from spikecost.accuracy.regimes import regime as module
from spikecost.accuracy.regimes.drive import Drive, UnreachableRate, adjust_drive, find_mean_drive, find_rheobase
from spikecost.accuracy.regimes.drives import INCOMMENSURATE, rheobase
from spikecost.accuracy.regimes.regime import SPREAD, at_rate, at_rheobase, kept_reference
from spikecost.harness.stimuli import constant, piecewise_random
from spikecost.models.definition.neuron import NeuronModel
from spikecost.models.reading.by_name import get_model


def rates(regime):
    return [1000 * (t.size - 1) / (t[-1] - t[0]) for t in (trial.reference.train.times for trial in regime.trials)]


@pytest.mark.parametrize("name", ["lif", "izhikevich"])
def test_the_stimuli_of_a_regime_fire_around_the_rate(name):
    regime = at_rate(get_model(name), "constant", 50, 400.0, 6)
    found = np.array(rates(regime)) / (50 * INCOMMENSURATE)
    assert found[0] == pytest.approx(1, rel=0.005)
    assert (abs(found - 1) < SPREAD + 0.005).all()
    assert found.max() - found.min() > SPREAD
    gaps = [b - a for a, b in pairwise(sorted(found))]
    assert min(gaps) > SPREAD / 20  # all are different


@pytest.mark.parametrize("name", ["lif", "izhikevich", "hodgkin_huxley"])
def test_the_stated_error_holds_against_80_bit(name):
    regime = at_rate(get_model(name), "constant", 100, 400.0, 2)
    assert 0 < regime.certified <= regime.reference_error < 1e-9


def test_a_rate_that_is_not_reached_is_a_reason():
    regime = at_rate(get_model("hodgkin_huxley"), "constant", 10, 400.0, 2)
    assert regime.trials == ()
    assert "no constant drive found at which it fires at" in regime.reason


def _drifting(**changes):
    written = {
        "name": "drifting",
        "equations": "dv/dt = I/ms : 1\nI : 1",
        "threshold": "v > 1",
        "reset": "v = 0",
        "initial": {"v": 0},
    }
    return NeuronModel(**(written | changes))


@pytest.mark.parametrize(
    "model",
    [
        _drifting(threshold="v > 1e9"),
        _drifting(refractory=100 * ms),
        _drifting(equations="dv/dt = I*v/ms : 1\nI : 1", initial={"v": 0.5}),
        _drifting(equations="dv/dt = I/ms : 1\nI : 1", reset="v = log(-v)"),
        _drifting(equations="dv/dt = I/ms + sqrt(1/ms)*xi : 1\nI : 1"),
        _drifting(equations="dv/dt = 1/ms : 1", input=""),
    ],
)
def test_the_reason_of_a_regime_does_not_name_the_model_that_its_row_names(model):
    found = at_rate(model, "constant", 5000, 100.0, 1)
    assert found.reason
    assert "drifting" not in found.reason
    assert found.said.startswith("drifting is not compared at ")


def test_the_rheobase_is_that_of_theory():
    # I + a - b v = 0 at the threshold: 1.5 mV/ms; and at twice the rheobase the interval is tau log 2, tau = 10 ms
    lif = get_model("lif")
    assert rheobase(lif, 1000.0) == pytest.approx(1.5, rel=1e-6)
    regime = at_rheobase(lif, "constant", 2.0, 400.0, 3)
    assert regime.level == "2 x rheobase"
    assert regime.drive.value == pytest.approx(3.0, rel=1e-6)
    assert rates(regime)[0] == pytest.approx(1000 / (10 * np.log(2)), rel=1e-5)


def test_a_model_that_fires_by_itself_has_no_rheobase():
    with pytest.raises(UnreachableRate, match="fires at 5 Hz without any drive"):
        find_rheobase(lambda drive: 5.0, "mine")
    with pytest.raises(UnreachableRate, match="never spikes"):
        find_rheobase(lambda drive: 0.0, "mine")


def test_a_drive_is_not_looked_for_far_away():
    with pytest.raises(UnreachableRate, match="no drive near 2"):
        adjust_drive(lambda drive: 10 * drive, 100.0, Drive(2.0, 20.0))
    assert adjust_drive(lambda drive: 10 * drive, 21.0, Drive(2.0, 20.0)).value == pytest.approx(2.1, rel=1e-3)


def test_the_search_for_a_drive_ends_where_the_rate_jumps():
    # next to a jump there is no further number with this many digits to try
    for jump in (1.000005, 3.14159265, 9.999995):
        with pytest.raises(UnreachableRate, match="its rate jumps near drive"):
            find_mean_drive(lambda drive, at=jump: 100.0 * (drive > at), 50.0, "mine")
        with pytest.raises(UnreachableRate, match="no drive near"):
            adjust_drive(lambda drive, at=jump: 100.0 * (drive > at), 50.0, Drive(jump, 100.0))


@pytest.mark.parametrize(
    ("name", "kind", "rate"),
    [
        ("fitzhugh_nagumo", "ornstein_uhlenbeck", 20),
        ("fitzhugh_nagumo", "ornstein_uhlenbeck", 50),
        ("pospischil_ib:IBR", "ornstein_uhlenbeck", 5),
        ("morris_lecar:snic", "poisson_conductance", 20),
        ("izhikevich", "poisson_arrivals", 100),
    ],
)
def test_references_have_the_rate_of_their_regime(name, kind, rate):
    regime = at_rate(get_model(name), kind, rate, 400.0, 4)
    if regime.trials:
        spikes = [len(trial.reference.train) for trial in regime.trials]
        assert 1000 * np.mean(spikes) / 400 == pytest.approx(rate, rel=0.03)
    else:
        assert re.match("it does not reach|no drive found", regime.reason)


def test_the_highest_rate_is_none_that_a_coarse_step_makes():
    # RK4 with 50 us makes up to 89 Hz of strong drives, which silence the model after one spike
    model = get_model("fitzhugh_nagumo")
    said = re.search(r"at most ([\d.]+) Hz", at_rate(model, "ornstein_uhlenbeck", 100, 1000.0, 2).reason)
    assert at_rate(model, "constant", 25, 1000.0, 1).trials
    assert not at_rate(model, "constant", 50, 1000.0, 1).trials
    assert said is None or 25 < float(said[1]) < 50


def test_why_a_model_has_no_rheobase_is_said():
    mine = get_model("lif").replace(name="mine", reset="v = c*c/(v - v)")
    with pytest.raises(UnreachableRate, match=r"mine: its reset 'v = c\*c/\(v - v\)' has no value at .* ms"):
        rheobase(mine, 400.0)
    assert "has no value" in at_rheobase(mine, "constant", 1.5, 400.0, 2).reason
    assert "has no value" in at_rate(mine, "constant", 50, 400.0, 2).reason


def test_what_a_result_depends_on_is_in_its_key(tmp_path, monkeypatch):
    for name in ("accuracy/a.py", "harness/kernel.c.j2", "flops/toolchain.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("1")
    known = {cache.solvers(tmp_path)}
    for name in ("accuracy/a.py", "harness/kernel.c.j2", "flops/toolchain.py"):
        (tmp_path / name).write_text("2")
        known.add(cache.solvers(tmp_path))
    monkeypatch.setattr(cache.heyoka, "__version__", "another")
    known.add(cache.solvers(tmp_path))
    assert len(known) == 5


def test_references_are_kept_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    solved = []
    solve = module.reference
    monkeypatch.setattr(module, "reference", lambda *given: solved.append(given) or solve(*given))
    lif = get_model("lif")
    stimulus = constant(2 * mV / ms, 300 * ms)
    first = kept_reference(lif, stimulus)
    again = kept_reference(lif, stimulus)
    assert len(solved) == 1
    assert (again.train.times == first.train.times).all()  # every digit
    assert (again.error, again.method, again.train.stop) == (first.error, first.method, first.train.stop)
    # a parameter, the reset, the stimulus and the solvers' own text make another key
    kept_reference(lif.replace(parameters={**lif.parameters, "c": -64 * mV}), stimulus)
    kept_reference(lif.replace(reset="v = c + 1*mV"), stimulus)
    kept_reference(lif, constant(2.0000000001 * mV / ms, 300 * ms))
    monkeypatch.setattr(cache, "_solvers", lambda: "another program")
    kept_reference(lif, stimulus)
    assert len(solved) == 5


def test_references_that_changed_places_are_computed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    lif, stimuli = get_model("lif"), [constant(drive * mV / ms, 300 * ms) for drive in (2, 3)]
    right = [kept_reference(lif, stimulus).train.times for stimulus in stimuli]
    one, other = (tmp_path / "references").iterdir()
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    for stimulus, times in zip(stimuli, right, strict=True):
        assert np.array_equal(kept_reference(lif, stimulus).train.times, times)


def test_a_docstring_or_comment_does_not_empty_the_cache(tmp_path):
    source = tmp_path / "accuracy" / "taylor.py"
    source.parent.mkdir()
    source.write_text('def solve():\n    """Solve."""\n    return 1\n')
    before = cache.solvers(tmp_path)
    source.write_text('def solve():\n    """Solve it otherwise."""\n    return 1  # as ever\n')
    assert cache.solvers(tmp_path) == before
    source.write_text('def solve():\n    """Solve."""\n    return 1.0\n')
    assert cache.solvers(tmp_path) != before


def test_a_damaged_or_unwritable_cache_costs_only_time(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path))
    lif, stimulus = get_model("lif"), constant(2 * mV / ms, 300 * ms)
    first = kept_reference(lif, stimulus)
    (kept,) = (tmp_path / "references").iterdir()
    kept.write_text("[")
    assert (kept_reference(lif, stimulus).train.times == first.train.times).all()
    content = kept.read_bytes()
    digits = [i for i, byte in enumerate(content) if chr(byte).isdigit()]
    for i in digits[::40]:  # one digit is another
        kept.write_bytes(content[:i] + str((int(chr(content[i])) + 1) % 10).encode() + content[i + 1 :])
        assert (kept_reference(lif, stimulus).train.times == first.train.times).all()
        assert kept.read_bytes() == content
    monkeypatch.setenv("SPIKECOST_CACHE", str(kept / "not-a-folder"))
    assert (kept_reference(lif, stimulus).train.times == first.train.times).all()


def test_stimuli_that_look_alike_in_short_have_references_of_their_own():
    # the short form of a stimulus does not show its values
    lif = get_model("lif")
    times = [
        kept_reference(lif, piecewise_random(1.6 * mV / ms, 3 * mV / ms, 10 * ms, 200 * ms, seed)).train.times
        for seed in (1, 2)
    ]
    assert not np.array_equal(*times)
