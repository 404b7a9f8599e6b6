import math
from dataclasses import replace

import pytest
from brian2 import ms, mV

from spikecost.models.catalogue import MODELS
from spikecost.models.ground.errors import NoValue, UserError
from spikecost.reports.regression.judge import judge
from spikecost.reports.regression.kept.figures import KINDS
from spikecost.reports.results.description import describe_model

from ...messages import mentions
from .figures import CASE, ENVIRONMENT, VALUES, baseline, figures

STEP = "lif/rk4/hermite/operations_per_step"
DT = f"{CASE}/maximum 0.1 ms/dt_ms"
ERROR = f"{CASE}/dt 0.125 ms/error_ms"


def verdicts(judgement):
    return {finding.figure: finding.verdict for finding in judgement.findings}


def test_the_same_figures_hold():
    judgement = judge(baseline(), figures())
    assert judgement.status == 0
    cheap = {"lif/rk4/hermite/add_per_step", "lif/rk4/hermite/mul_per_step"}
    assert verdicts(judgement) == {name: "reported" if name in cheap else "holds" for name in VALUES}


@pytest.mark.parametrize(
    ("figure", "after", "status"),
    [
        (STEP, 25.0, 1),
        (STEP, 24.0, 0),
        (STEP, 23.0, 2),
        ("lif/rk4/hermite/mul_per_step", 12.0, 0),  # a cheap kind is only judged as part of the sum
        ("lif/rk4/hermite/exp_per_step", 1.0, 1),  # an expensive kind is judged separately: there was none before
        ("lif/rk4/instructions_per_step", 41.0, 1),
        # 3.5 % in both directions: one rung of the ladder on which dt is searched
        (DT, 1.94, 0),
        (DT, 1.92, 1),
        (DT, 2.06, 0),
        (DT, 2.08, 2),
        (f"{CASE}/maximum 0.1 ms/flops_per_ms", 15.5, 0),
        (f"{CASE}/maximum 0.1 ms/flops_per_ms", 15.6, 1),
        # 1 %, or 1e-9 ms
        (ERROR, 1.009e-6, 0),
        (ERROR, 1.02e-6, 1),
        (ERROR, 0.995e-6, 0),
        (ERROR, 1e-7, 2),
        (ERROR, 5e-7, 2),
        (ERROR, math.nan, 1),
        (STEP, math.nan, 1),
        (DT, math.inf, 1),  # no numbers
        (ERROR, "1 spikes missing, 0 too many", 1),
        (DT, "not reached: by 1 of 20 stimuli", 1),
    ],
)
def test_what_becomes_worse_has_regressed_and_what_becomes_much_better_must_be_accepted(figure, after, status):
    assert judge(baseline(), figures({figure: after})).status == status


def test_a_figure_is_lost_if_the_model_has_none_and_not_judged_if_the_program_failed():
    lost, crashed = (judge(baseline(), figures({DT: NoValue("because", failed)})) for failed in (False, True))
    assert (verdicts(lost)[DT], lost.status) == ("regressed", 1)
    assert (verdicts(crashed)[DT], crashed.status) == ("not judged", 2)


def test_rounding_of_an_error_that_is_none():
    assert judge(baseline(changes={ERROR: 1e-12}), figures({ERROR: 9e-10})).status == 0
    assert judge(baseline(changes={ERROR: 1e-12}), figures({ERROR: 2e-9})).status == 1


def test_a_finding_says_what_by_how_much_and_against_which_limit():
    found = judge(baseline(), figures({DT: 1.0})).of("regressed")[0]
    assert (found.figure, found.before, found.after, found.percent, found.limit, found.unit) == (
        DT,
        2.0,
        1.0,
        -50.0,
        "-3.5 %",
        "ms",
    )


def test_an_improvement_is_told():
    judgement = replace(judge(baseline(), figures({STEP: 20.0})), update="renew the baseline")
    assert verdicts(judgement)[STEP] == "improved"
    assert (judgement.status, judgement.verdict) == (2, "improved")
    assert "1 of 7 figures improved by more than their limit" in judgement.headline
    assert "renew the baseline" in judgement.text.split("accept it")[1]


@pytest.mark.parametrize(
    ("limits", "figure", "after", "verdict"),
    [
        ({"*/operations_per_step": {"soft_percent": 10}}, STEP, 26.0, "holds"),
        ({"*/operations_per_step": {"soft_percent": 10}}, STEP, 27.0, "regressed"),
        ({"*/operations_per_step": {"soft_percent": 10, "hard": 25}}, STEP, 26.0, "regressed"),
        ({"*/operations_per_step": {"hard": 30}}, STEP, 25.0, "regressed"),  # the soft limit stays
        ({"*/operations_per_step": {"soft_percent": None}}, STEP, 250.0, "reported"),
        ({"*/operations_per_step": {"soft_percent": None, "hard": 100}}, STEP, 250.0, "regressed"),
        ({"*": {"soft_percent": 50}, "lif/*/operations_per_step": {"soft_percent": 0}}, STEP, 25.0, "regressed"),
        ({"*/dt_ms": {"hard": 1.99}}, DT, 1.98, "regressed"),
        ({"*/dt_ms": {"hard": 1.9}}, DT, 1.98, "holds"),
        (
            {"*/operations_per_step": {"hard": 20}},
            STEP,
            24.0,
            "regressed",
        ),  # as in the baseline, and above the hard limit
        ({"*/operations_per_step": {"soft_percent": 10}}, STEP, 22.0, "holds"),  # 24 is 9 % more than 22
        ({"*/operations_per_step": {"soft_percent": 10}}, STEP, 21.0, "improved"),
        ({"*/operations_per_step": {"improved_percent": 50}}, STEP, 17.0, "holds"),
        ({"*/operations_per_step": {"improved_percent": 50}}, STEP, 15.0, "improved"),
        ({"*/operations_per_step": {"improved_percent": 50}}, STEP, 25.0, "regressed"),
        ({"*/operations_per_step": {"improved_percent": None}}, STEP, 1.0, "holds"),
    ],
)
def test_limits_of_the_baseline(limits, figure, after, verdict):
    assert verdicts(judge(baseline(limits), figures({figure: after})))[figure] == verdict


def test_another_toolchain_is_recognised():
    other = {**ENVIRONMENT, "compiler": "gcc 13.1.0"}
    judgement = judge(
        baseline(times={"lif/rk4/hermite": (1.0,) * 20}),
        figures({"lif/rk4/instructions_per_step": 50.0}, {"lif/rk4/hermite": (9.0,) * 20}, other),
        gate_times=True,
    )
    assert judgement.status == 2
    (difference,) = judgement.environment
    assert mentions(difference, "compiler", "gcc 12.2.0", "baseline", "gcc 13.1.0")
    assert {each.figure for each in judgement.of("not comparable")} == {
        "lif/rk4/instructions_per_step",
        "lif/rk4/instrumented_per_step",
        "lif/rk4/hermite/time",
    }
    assert verdicts(judgement)[STEP] == "holds"


def test_what_does_not_depend_on_the_toolchain_is_judged_all_the_same():
    judgement = judge(baseline(), figures({STEP: 25.0}, environment={**ENVIRONMENT, "processor": "Skylake"}))
    assert [each.figure for each in judgement.of("regressed")] == [STEP]


def test_another_definition_is_judged_by_its_figures():
    for changes, status in (({}, 0), ({STEP: 25.0}, 1), ({STEP: 23.0}, 2)):
        judgement = judge(baseline(), figures(changes, models={"lif": "4567"}))
        assert (judgement.status, judgement.changed) == (status, ("lif",))
        assert "lif: the definition differs from that in the baseline" in judgement.text


TABLES = MODELS["hodgkin_huxley"].tabulated(1 * mV)
LIF = MODELS["lif"]


@pytest.mark.parametrize(
    ("model", "other"),
    [
        (TABLES, TABLES.tabulated(2 * mV)),
        (TABLES, TABLES.tabulated(1 * mV, low=-90 * mV)),
        (TABLES, TABLES.tabulated(1 * mV, high=90 * mV)),
        (TABLES, TABLES.exact),
        (LIF, LIF.replace(parameters={**LIF.parameters, "b": LIF.parameters["b"] * (1 + 1e-12)})),
        (LIF, LIF.replace(reset="v = c - 1e-9*mV")),
        (LIF, LIF.replace(refractory=1 * ms)),
        (LIF, LIF.replace(published=LIF.equations + "\n")),
    ],
    ids=["step", "low", "high", "no tables", "parameter", "reset", "refractory", "published"],
)
def test_whatever_changes_a_definition_is_told(model, other):
    before, now = ({"lif": describe_model(each)["content"]} for each in (model, other))
    assert judge(baseline(models=before), figures(models=dict(before))).changed == ()
    assert judge(baseline(models=before), figures(models=now)).changed == ("lif",)


def test_a_figure_that_the_run_lacks_is_not_judged():
    judgement = judge(
        baseline(), figures({STEP: None, "lif/rk4/hermite/add_per_step": None, "lif/rk4/hermite/mul_per_step": None})
    )
    assert judgement.status == 2
    assert STEP in {each.figure for each in judgement.of("not judged")}


def test_a_regression_weighs_more_than_what_is_lacking():
    assert judge(baseline(), figures({STEP: 25.0, DT: None})).status == 1


def test_a_sweep_that_ended_earlier_lacks_nothing():
    finer = f"{CASE}/dt 0.0125 ms/error_ms"
    assert judge(baseline(changes={finer: 1e-9}), figures()).status == 0
    assert judge(baseline(changes={finer: 1e-9}), figures({ERROR: None})).status == 2  # the whole curve is gone


def test_without_an_exact_counter_measured_counts_are_not_comparable():
    lacking = {"lif/rk4/instrumented_per_step": None, "lif/rk4/instructions_per_step": None}
    assert judge(baseline(), figures(lacking)).status == 2
    judgement = judge(baseline(), figures(lacking), without_counter=True)
    assert judgement.status == 0
    (reason,) = {each.reason for each in judgement.of("not comparable")}
    assert "no exact counter" in reason


def test_new_figures_are_told_and_change_nothing():
    judgement = judge(baseline(), figures({"lif/euler/grid/operations_per_step": 6.0}))
    assert judgement.status == 0
    assert [each.figure for each in judgement.of("new")] == ["lif/euler/grid/operations_per_step"]


def test_a_selection():
    judgement = judge(baseline(), figures({DT: 1.0}), only="*/operations_per_step")
    assert judgement.status == 0
    assert [each.figure for each in judgement.findings] == [STEP]
    with pytest.raises(UserError, match=r"^no figure is named 'foo\*'; a figure of the baseline baseline.json is lif/"):
        judge(baseline(), figures(), only="foo*")


def test_nothing_that_can_be_judged_is_no_success():
    assert judge(baseline(), figures(), only="*/mul_per_step").status == 2


def test_times_are_reported_unless_they_are_gated():
    kernel, fast, slow = "lif/rk4/hermite", tuple(1 + i / 100 for i in range(20)), tuple(2 + i / 50 for i in range(20))
    for gate, status, verdict in ((False, 0, "reported"), (True, 1, "regressed")):
        judgement = judge(baseline(times={kernel: fast}), figures(times={kernel: slow}), gate_times=gate)
        assert (judgement.status, verdicts(judgement)[f"{kernel}/time"]) == (status, verdict)
    assert judge(baseline(times={kernel: fast}), figures(times={kernel: fast}), gate_times=True).status == 0
    assert judge(baseline(times={kernel: fast}), figures(times={kernel: fast[:5]}), gate_times=True).status == 2
    assert judge(baseline(times={kernel: fast}), figures(), gate_times=True).status == 2
    assert judge(baseline(times={kernel: fast}), figures()).status == 0


def test_as_json():
    found = judge(baseline(), figures({STEP: 25.0})).to_json()
    assert (found["status"], found["verdict"], found["baseline"]) == (1, "regressed", "baseline.json")
    regressed = next(each for each in found["figures"] if each["verdict"] == "regressed")
    assert (regressed["figure"], regressed["before"], regressed["after"]) == (STEP, 24.0, 25.0)
    assert math.isclose(regressed["percent"], 100 / 24)


def test_every_kind_is_described():
    for name, kind in KINDS.items():
        assert kind.what
        assert kind.unit
        assert kind.soft_percent is None or kind.soft_percent >= 0, name
