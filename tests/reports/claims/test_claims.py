"""Claims: every rule comes out both ways on made-up numbers; verdicts name the conditions that decide."""

import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikecost import cli
from spikecost.accuracy.search.status import Bound
from spikecost.accuracy.study.suite import Suite
from spikecost.harness.simulate import simulate
from spikecost.models.ground.errors import UserError
from spikecost.reports.claims.claim import CLAIMS, ClaimVerdict
from spikecost.reports.claims.evidence import COMPARISON, Evidence, Known, Side, no_more
from spikecost.reports.claims.finding import ClaimFinding, ClaimSays, only_if, rule
from spikecost.reports.claims.published import (
    comparable_2014,
    costs_2004,
    cutoff_2009,
    demos_2004,
    detection_2012,
    euler_2021,
    exponential_euler_2026,
    exponents_2017,
    midpoint_2015,
    parker_sochacki_2009,
    ranking_2020,
    ratios_2004,
    steps_2004,
    tables_2020,
)
from spikecost.reports.claims.second_solver import solve_again
from spikecost.reports.commands.claims import claims_markdown, claims_text, verdicts

REGIME = {"stimulus": "constant", "level": "100 Hz"}


def side(bound=Bound.NONE, **ratio):
    return [Side({"drive": "some"}, ratio, dict.fromkeys(ratio, bound))]


def axon(lif, hodgkin_huxley):
    return side(lif=lif, hodgkin_huxley=hodgkin_huxley)


def cases(**costs):
    """Rows of the table: Izhikevich's model on the grid, one method each."""
    rows = [
        {"model": "izhikevich", "method": method, "detection": "grid", "flops_per_ms": cost, "status": "reached"}
        for method, cost in costs.items()
    ]
    return pd.DataFrame([row | REGIME | {"measure": "maximum", "tolerance": 0.1} for row in rows])


def steps(**dt):
    """Rows of the table: Hodgkin-Huxley on the grid, one method each, down to 0.001 ms."""
    rows = [
        {"model": "hodgkin_huxley", "method": method, "detection": "grid", "dt_ms": value}
        for method, value in dt.items()
    ]
    return pd.DataFrame(
        [row | REGIME | {"measure": "maximum", "tolerance": 0.1, "checked_down_to_dt_ms": 0.001} for row in rows]
    )


def series(rk4, parker_sochacki):
    rows = [
        {"model": "traub_miles", "method": method, "flops_per_ms": cost, "measure": "maximum", "tolerance": 0.1}
        for method, cost in (("rk4", rk4), ("parker_sochacki", parker_sochacki))
    ]
    return pd.DataFrame([row | REGIME for row in rows])


def run_at_step(error=0.5, missing=0, extra=0, failed=0):
    row = {"model": "lif", "dt_ms": 1.0, "error_ms": error, "missing": missing, "extra": extra, "failed": failed}
    return pd.DataFrame([row | REGIME | {"failure": "it diverged" if failed else ""}])


def errors(grid, hermite):
    rows = [
        {"model": "lif", "method": "rk4", "detection": name, "dt_ms": 0.1, "error_ms": value}
        for name, value in (("grid", grid), ("hermite", hermite))
    ]
    return pd.DataFrame([row | REGIME for row in rows])


def curve(*found):
    rows = [
        {
            "model": "lif",
            "method": "rk4",
            "detection": "grid",
            "dt_ms": 0.1 * 2**-i,
            "error_ms": value,
            "flops_per_ms": 2**i,
        }
        for i, value in enumerate(found)
    ]
    return pd.DataFrame([row | REGIME for row in rows])


def demo(shown):
    row = {"letter": "A", "feature": "tonic_spiking", "spikes_as_published": 5, "spikes_converged": 5}
    return pd.DataFrame([row | {"shown_converged": shown}])


#: Numbers that agree with each claim, and numbers that contradict it.
BOTH = {
    "costs_2004": (costs_2004.of_costs, ("lif", 5, 5), ("lif", 6, 5)),
    "steps_2004": (steps_2004.of_points, (run_at_step(),), (run_at_step(missing=1),)),
    "ratios_2004": (ratios_2004.of_sides, (axon(0.4, 95),), (axon(0.4, 5),)),
    "demos_2004": (demos_2004.of_table, (demo(True),), (demo(False),)),
    "cutoff_2009": (cutoff_2009.of_shift, ({"model": "izhikevich"}, "", 5.0, 0), ({"model": "adex"}, "", 0.1, 1)),
    "parker_sochacki_2009": (parker_sochacki_2009.of_table, (series(10, 1),), (series(2, 1),)),
    "detection_2012": (detection_2012.of_points, (errors(0.1, 0.01),), (errors(0.1, 0.09),)),
    "comparable_2014": (comparable_2014.of_sides, (axon(0.1, 2),), (axon(0.1, 4),)),
    "midpoint_2015": (midpoint_2015.of_lags, ("some", {"euler": 3, "heun": 2}), ("some", {"euler": 1, "heun": 2})),
    "exponents_2017": (exponents_2017.of_points, (curve(8, 4, 2, 1),), (curve(8, 4, 5, 1),)),
    "exponential_euler_2026": (
        exponential_euler_2026.of_table,
        (steps(euler=0.1, exponential_euler=0.005),),
        (steps(euler=0.1, exponential_euler=0.05),),
    ),
    "ranking_2020": (ranking_2020.of_sides, (axon(0.5, 0.4), "rk4"), (axon(0.3, 0.4), "rk4")),
    "tables_2020": (
        tables_2020.of_sides,
        (side(hodgkin_huxley=1.0, hodgkin_huxley_tables=2.0),),
        (side(hodgkin_huxley=2.0, hodgkin_huxley_tables=1.0),),
    ),
    "euler_2021": (euler_2021.of_table, (cases(euler=1.0, rk4=2.0),), (cases(euler=2.0, heun=3.0, rk4=1.0),)),
}


def found(experiment, numbers):
    result = experiment(*numbers)
    return [result] if isinstance(result, ClaimFinding) else list(result)


def test_every_claim_is_tested_here():
    assert set(BOTH) == set(CLAIMS)


@pytest.mark.parametrize("name", BOTH)
def test_a_rule_comes_out_both_ways(name):
    experiment, agreeing, contradicting = BOTH[name]
    assert rule(found(experiment, agreeing)) == ClaimSays.HOLDS
    assert rule(found(experiment, contradicting)) == ClaimSays.FAILS
    mixed = ClaimVerdict(
        CLAIMS[name], ClaimSays.ONLY_IF, (*found(experiment, agreeing), *found(experiment, contradicting))
    )
    assert rule(mixed.findings) == ClaimSays.ONLY_IF
    assert "1 of 2" in mixed.text


@pytest.mark.parametrize(
    ("experiment", "numbers"),
    [
        (ratios_2004.of_sides, (side(lif=0.1),)),
        (ratios_2004.of_sides, (side(Bound.AT_MOST, lif=0.4, hodgkin_huxley=95),)),
        (comparable_2014.of_sides, (side(Bound.AT_LEAST, lif=0.1, hodgkin_huxley=2),)),
        (ranking_2020.of_sides, (side(Bound.NOT_KNOWN, lif=0.5, hodgkin_huxley=0.4), "rk4")),
        (tables_2020.of_sides, (side(hodgkin_huxley=1.0),)),
        (euler_2021.of_table, (cases(euler=math.nan, rk4=math.nan),)),
        (exponential_euler_2026.of_table, (steps(euler=math.nan, exponential_euler=0.1),)),
        # not reached down to 0.001 ms, five times smaller: twenty times is neither shown nor excluded
        (exponential_euler_2026.of_table, (steps(euler=0.005, exponential_euler=math.nan),)),
        (parker_sochacki_2009.of_table, (series(math.nan, 1.0),)),
        (detection_2012.of_points, (errors(0.1, math.nan),)),
        (midpoint_2015.of_lags, ("some", {"euler": math.nan})),
        (exponents_2017.of_points, (curve(8, 4, 2),)),
    ],
)
def test_what_is_not_reached_decides_nothing(experiment, numbers):
    assert rule(found(experiment, numbers)) == ClaimSays.NOT_KNOWN


def test_a_method_that_alone_reaches_a_tolerance_is_cheaper():
    assert rule(found(euler_2021.of_table, (cases(euler=1.0, rk4=math.nan),))) == ClaimSays.HOLDS
    assert (
        rule(found(exponential_euler_2026.of_table, (steps(euler=0.1, exponential_euler=math.nan),))) == ClaimSays.HOLDS
    )


@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_a_failed_run_contradicts(dt):
    findings = found(steps_2004.of_points, (run_at_step(error=math.nan, failed=2).assign(dt_ms=dt),))
    assert findings[0].agrees is False
    assert "it diverged" in findings[0].number


numbers = st.builds(Known, st.floats(0.1, 10), st.sampled_from(list(Bound)))


def possible(known):
    """Values that a number may have: it, and others on the side that its bound leaves open."""
    if known.bound == Bound.NOT_KNOWN:
        return [0.01, known.value, 100.0]
    factors = {Bound.NONE: [1], Bound.AT_LEAST: [1, 2, 1000], Bound.AT_MOST: [0.001, 0.5, 1]}[known.bound]
    return [known.value * factor for factor in factors]


@given(numbers, st.floats(0.1, 10))
def test_a_bound_decides_only_what_every_possible_value_does(known, limit):
    for answer, holds in ((known.at_least(limit), lambda x: x >= limit), (known.at_most(limit), lambda x: x <= limit)):
        if answer is not None:
            assert {holds(value) for value in possible(known)} == {answer}


@given(numbers, numbers)
def test_two_bounds_decide_only_what_all_possible_values_do(one, other):
    answer = no_more(one, other)
    if answer is not None:
        assert {a <= b for a in possible(one) for b in possible(other)} == {answer}
    elif one.bound == other.bound == Bound.NONE:
        raise AssertionError("two numbers are always ordered")


findings = st.lists(
    st.builds(
        ClaimFinding,
        st.fixed_dictionaries(
            {"drive": st.sampled_from("ab"), "spikes": st.sampled_from("cd"), "error": st.sampled_from("ef")}
        ),
        st.just(""),
        st.booleans(),
    ),
    min_size=2,
    max_size=8,
    unique_by=lambda each: frozenset(each.conditions.values()),
)


@given(findings)
def test_the_conditions_that_are_named_are_those_that_decide(given_findings):
    if rule(given_findings) != ClaimSays.ONLY_IF:
        return
    text = only_if(given_findings)
    agreeing = [each for each in given_findings if each.agrees]
    assert text.startswith(f"in {len(agreeing)} of {len(given_findings)} conditions")
    listed = text.split(": ")[1]
    named = [set(part.split(", ")) for part in listed.removeprefix("all except ").split("; ")]
    for each in given_findings:
        is_named = any(part <= set(each.conditions.values()) for part in named)
        assert each.agrees == (is_named != listed.startswith("all except "))


def test_one_condition_that_decides_is_named_alone():
    agreeing = [ClaimFinding({"drive": d, "spikes": "grid"}, "", True) for d in "xy"]
    others = [ClaimFinding({"drive": d, "spikes": "any"}, "", False) for d in "xy"]
    assert only_if([*agreeing, *others]) == "in 2 of 4 conditions: grid"


def test_a_few_exceptions_are_named():
    few = [ClaimFinding({"demo": name}, "", name not in "PQT") for name in "ABCDEFGHIJKLMNOPQRST"]
    assert only_if(few) == "in 17 of 20 conditions: all except P; Q; T"
    many = [ClaimFinding({"demo": name}, "", place % 2 == 0) for place, name in enumerate("ABCDEFGHIJKLMNOPQRST")]
    assert only_if(many) == "in 10 of 20 conditions"


def test_conditions_are_named_with_as_few_values_as_possible():
    several = [
        ClaimFinding(
            {"model": model, "method": method, "drive": drive}, "", method == "rk4" or (model, drive) == ("izh", "ou")
        )
        for model in ("lif", "izh")
        for method in ("euler", "rk4")
        for drive in ("ou", "constant")
    ]
    assert only_if(several) == "in 5 of 8 conditions: rk4; izh, ou"
    overlapping = [
        ClaimFinding({"drive": drive, "spikes": spikes, "error": error}, "", spikes == "grid" and error == "1 ms")
        for drive in ("ou", "constant")
        for spikes in ("grid", "any")
        for error in ("1 ms", "0.1 ms")
        if (drive, spikes, error) != ("ou", "grid", "0.1 ms")
    ]
    assert only_if(overlapping) == "in 2 of 7 conditions: grid, 1 ms"


def test_a_drive_without_stimuli_is_not_known():
    class Run:
        points = run_at_step()
        regimes = pd.DataFrame(
            [
                REGIME | {"model": "lif", "reason": ""},
                {"model": "lif", "stimulus": "ornstein_uhlenbeck", "level": "20 Hz", "reason": "no spike"},
            ]
        )

    class Given:
        def run(self, _suite):
            return Run

    findings_ = list(steps_2004.findings(Given()))[:2]
    assert [(each.number, each.agrees) for each in findings_] == [
        ("dt 1 ms: largest error 0.5 ms", True),
        ("no spike", None),
    ]


def test_a_suite_is_run_once_and_with_the_seed(monkeypatch):
    asked = []

    class Run:
        class study:
            interrupted = False

    def compare(models, suite, **_):
        asked.append((models, suite.seed))
        return Run

    monkeypatch.setattr("spikecost.reports.claims.evidence.compare", compare)
    evidence = Evidence(seed=7)
    assert evidence.run(COMPARISON) is evidence.run(COMPARISON)
    assert asked == [(COMPARISON.models, 7)]
    Run.study.interrupted = True
    with pytest.raises(UserError, match="interrupted"):
        Evidence().run(COMPARISON)


def test_the_counts_of_2004_hold_for_three_models():
    (verdict,) = verdicts(["costs_2004"], Evidence())
    assert verdict.says == ClaimSays.HOLDS
    assert [each.number.split()[0] for each in verdict.findings] == ["5", "13", "1,240"]


def test_the_command(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    page = tmp_path / "claims.md"
    assert cli.main(["claims", "costs_2004", "--quiet", "--out", str(page), str(tmp_path / "claims.json")]) == 0
    printed = capsys.readouterr().out
    assert "13 per ms counted, 13 published" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert "## costs_2004" in page.read_text()
    assert cli.main(["claims", "costs_2004", "--quiet", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "claims.json").read_text()) == [record]
    assert (record["verdict"], len(record["findings"])) == ("holds", 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no_claim"], "unknown claim 'no_claim'"),
        (["costs_2004", "--out", "claims.html"], "give a file that ends in .md"),
        (["costs_2004", "--seed", "-1"], "seed"),
    ],
)
def test_a_mistake_is_one_line(arguments, said, capsys):
    assert cli.main(["claims", *arguments]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_texts_of_every_verdict():
    findings_ = (ClaimFinding({"drive": "a | b"}, "1", True), ClaimFinding({"drive": "c"}, "2", None))
    verdict = ClaimVerdict(CLAIMS["ratios_2004"], rule(findings_), findings_)
    assert "holds in all 1 conditions that were tried; not known in 1 more" in verdict.text
    assert "a | b" not in claims_markdown([verdict])  # a bar would end the cell
    assert claims_text([verdict], details=False).count("\n") >= 2


def with_another_seed(first, second):
    """The verdict on a claim whose findings agree as given, with one seed and with another."""
    made = [
        ClaimVerdict(CLAIMS["ratios_2004"], rule(each), each)
        for each in (
            tuple(
                ClaimFinding({"drive": str(place)}, f"number {place}", agrees) for place, agrees in enumerate(answers)
            )
            for answers in (first, second)
        )
    ]
    return replace(made[0], others={1000: made[1]})


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((True, False), (True, False), "with the stimuli of another seed, the verdict is the same"),
        ((True, False, False), (True, True, False), "the verdict is the same; 1 of 3 conditions change"),
        ((True, True), (True, False), "it holds only if; 1 of 2 conditions change"),
        ((True, True), (False, False), "it fails; 2 of 2 conditions change"),
        ((True, None), (True, False), "it holds only if; 1 of 2 conditions change"),
    ],
)
def test_what_another_seed_changes_is_said(first, second, said):
    verdict = with_another_seed(first, second)
    assert said in verdict.with_other_seeds
    changed = [place for place in range(len(first)) if first[place] != second[place]]
    assert [each["changes_with_seed"] for each in verdict.to_json()["findings"]] == [
        place in changed for place in range(len(first))
    ]
    rows = [line for line in claims_markdown([verdict]).splitlines() if "| number" in line]
    assert [line.endswith("| the same |") for line in rows] == [place not in changed for place in range(len(first))]


def test_the_second_solver_sees_a_wrong_reference(monkeypatch):
    suite = Suite(models=("lif",), rates=(50.0,), trials=2, horizons=(100.0,))
    right = solve_again([suite, suite])
    assert (right.spikes > 4, right.unlike, right.largest < 1e-8) == (True, 0, True)
    assert "with the same number of spikes" in right.text

    def wrong(*given, **more):
        return simulate(*given, **more)[1:]

    monkeypatch.setattr("spikecost.reports.claims.second_solver.simulate", wrong)
    assert solve_again([suite]).unlike == 2


def test_several_seeds_on_the_command_line(capsys):
    assert cli.main(["claims", "costs_2004", "--seed", "0", "1000", "--quiet"]) == 0
    assert "the verdict is the same" in " ".join(capsys.readouterr().out.split())
