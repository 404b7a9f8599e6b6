"""What suites drive models with."""

import pytest
from brian2 import Hz

import spikecost as sc
from spikecost.accuracy.study.suite import STANDARD, Suite, changed
from spikecost.harness.stimuli import STIMULI


def asked(suite):
    """Return the kinds of stimulus and the rates of a suite."""
    return [(kind, rate) for kind in suite.stimuli for rate in suite.rates_for(kind)]


def test_the_default_suite_drives_all_three_models_with_both_kinds_of_current():
    assert STANDARD.models == ("lif", "izhikevich", "hodgkin_huxley")
    assert asked(STANDARD) == [*(("ornstein_uhlenbeck", rate) for rate in (5, 20, 50)), ("constant", 100)]
    assert STANDARD.trials == 20
    assert STANDARD.all_rates == (5, 20, 50, 100)
    assert [STANDARD.number_of_regimes(sc.MODELS[name]) for name in STANDARD.models] == [4, 4, 4]


def test_its_regimes_have_the_rates_of_their_kind():
    suite = Suite(
        models=("lif",), stimuli=("ramp", "constant"), rates=(40.0,), rates_of={"constant": (90 * Hz,)}, trials=1,
        horizons=(100.0,),
    )  # fmt: skip
    assert [(each.stimulus, each.level) for each in suite.regimes(sc.MODELS["lif"])] == [
        ("ramp", "40 Hz"),
        ("constant", "90 Hz"),
    ]


def test_other_drives_replace_those_of_the_default_suite():
    # only rates: a constant current, as in a suite that is made by hand
    assert asked(changed(STANDARD, {"rates": (30.0,)})) == asked(Suite(rates=(30.0,))) == [("constant", 30)]
    assert asked(changed(STANDARD, {"stimuli": ("sine",)})) == [("sine", rate) for rate in Suite().rates]
    both = changed(STANDARD, {"stimuli": STANDARD.stimuli, "rates": (30.0,)})
    assert asked(both) == [("ornstein_uhlenbeck", 30), ("constant", 30)]
    # in any other suite, the other fields stay
    own = Suite(stimuli=("sine", "constant"), rates_of={"constant": (90.0,)})
    assert asked(changed(own, {"rates": (30.0,)})) == [("sine", 30), ("constant", 30)]
    assert asked(changed(own, {"trials": 2})) == asked(own)
    assert changed(STANDARD, {"trials": 2}).rates_of == STANDARD.rates_of


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("constant", 100), "rates_of"),
        ({"constant": 100.0}, "tuple or list"),
        ({"constant": ()}, "tuple or list"),
        ({"constant": (0.0,)}, "more than 0"),
        ({"constant": (float("nan"),)}, "more than 0"),
        ({"constant": (50.0, 50.0)}, "twice"),
        ({"constnt": (50.0,)}, "constnt"),
    ],
)
def test_rates_that_are_no_rates_are_refused(given, said):
    with pytest.raises(sc.UserError, match=said):
        Suite(rates_of=given)


def test_a_kind_without_rates_is_refused():
    with pytest.raises(sc.UserError, match="at least one"):
        Suite(stimuli=tuple(STIMULI)[:2], rates=(), rates_of={next(iter(STIMULI)): (5.0,)})
