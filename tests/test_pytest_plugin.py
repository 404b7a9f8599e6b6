"""The pytest plugin, as used by the tests of another project."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import matplotlib
import pytest

import spikecost.reports.regression.guard  # noqa: F401 - otherwise every inner pytest would import it again
from spikecost.accuracy.references import taylor
from spikecost.flops.counters import auto
from spikecost.models.ground.private import cache_folder

from .reports.regression.planted import count_one_too_few, halve_errors

pytest_plugins = ["pytester"]

MODEL = '''
from brian2 import ms, mV

from spikecost import NeuronModel

model = NeuronModel(
    name="mine",
    equations="""
        dv/dt = I - v/tau : volt (unless refractory)
        tau : second
        I : volt/second
    """,
    threshold="v > 15*mV", reset="v = 0*mV", refractory=2*ms, parameters={"tau": 20*ms}, initial={"v": 0*mV},
)
'''
COST = """
def test_cost(spikecost):
    cost = spikecost.cost("my_model.py:model", tolerance="0.1 ms", horizon="200 ms", methods=["rk4"],
                          detections=["hermite"])
    assert cost <= {limit}
"""


CACHE, FONTS = cache_folder(), matplotlib.get_cachedir()


@pytest.fixture(autouse=True)
def _same_caches(monkeypatch):
    """Inner runs have another home folder; they use the caches of all tests, so that nothing is compiled again."""
    monkeypatch.setenv("SPIKECOST_CACHE", str(CACHE))
    monkeypatch.setenv("MPLCONFIGDIR", FONTS)


@pytest.fixture
def project(pytester):
    """Another project: a model, and a test of its cost."""
    pytester.makepyfile(my_model=MODEL)

    def tests(limit):
        pytester.makepyfile(test_cost=COST.replace("{limit}", str(limit)))
        return pytester

    return tests


def said(result):
    return "\n".join(result.outlines)


def test_a_cost_within_its_limit(project):
    project(500).runpytest().assert_outcomes(passed=1)


def test_a_cost_over_its_limit_is_a_table_and_no_traceback(project):
    result = project(1).runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"spikecost: mine, 0\.1 ms, 50 Hz \(.*\) costs [\d.]+ operations per ms, which is not <= 1",
            r"cost of +now +allowed +over by",
            r"mine, 0\.1 ms, 50 Hz \(rk4, hermite, dt (≥ )?[\d.]+ ms\) +[\d.]+ +<= 1 +\+[\d.]+ \(\+[\de+.]+ %\) +op.*",
        ]
    )
    assert "Error" not in said(result).partition("short test summary")[0]
    assert "def test_cost" not in said(result)


def test_operations_of_a_step(pytester):
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("limit", [15, 14])
        def test_step(spikecost, limit):
            operations = spikecost.operations("izhikevich", "euler")
            assert operations == 15
            assert operations <= limit
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r"izhikevich:RS, euler, grid +15 +<= 14 +\+1 \(\+7\.14 %\) +operations per step"])


@pytest.mark.parametrize("compared", ["14 >= operations", "operations < 14", "operations == 14"])
def test_a_cost_may_stand_on_either_side(pytester, compared):
    pytester.makepyfile(f"""
        def test_step(spikecost):
            operations = spikecost.operations("izhikevich", "euler")
            assert {compared}
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    sign = compared.split()[1].replace(">", "<")
    result.stdout.fnmatch_lines([f"spikecost: izhikevich:RS, euler, grid costs 15 *, which is not {sign} 14"])


def test_another_assertion_keeps_its_traceback(pytester):
    pytester.makepyfile("""
        def test_mine(spikecost):
            assert spikecost.operations("lif", "euler") < 100
            assert not spikecost.operations("lif", "euler") > 100
            assert 1 + 1 == 3
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert (1 + 1) == 3"])


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            'operations("izhikevic", "rk4")',
            "spikecost: unknown model 'izhikevic': did you mean 'izhikevich'? known are *",
        ),
        ('cost("lif", "0.1")', "spikecost: tolerance = 0.1 is not a time; give one such as 0.1[*]ms"),
        ('cost("lif", "0.1 mV")', "spikecost: tolerance = *V is not a time; *"),
        (
            'cost("izhikevich", "0.1 ms", methods=["exponential_euler"], detections=["grid"], horizon="200 ms")',
            "spikecost: nothing to compare: exponential_euler on izhikevich:RS: dv/dt is not linear in v; *",
        ),
    ],
)
def test_a_mistake_is_one_line(pytester, call, line):
    pytester.makepyfile(f"def test_mine(spikecost):\n    spikecost.{call}\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([line])
    assert "Error" not in said(result).partition("short test summary")[0]


# --- a baseline ------------------------------------------------------------------------------------------------------

FILE = "--spikecost-baseline=costs.json"


_MADE: dict[str, str] = {}


@pytest.fixture
def with_baseline(project):
    """The project, with a baseline that its tests made (once, for all tests here)."""
    folder = project(500)
    path = folder.path / "costs.json"
    if not _MADE:
        made = folder.runpytest(FILE, "--spikecost-update")
        made.assert_outcomes(passed=1)
        made.stdout.re_match_lines([r"spikecost: costs\.json: \d+ figures added, 0 changed, 0 removed; review .*"])
        _MADE["content"] = path.read_text()
    path.write_text(_MADE["content"])
    return folder


def change(folder, change):
    path = folder.path / "costs.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_a_baseline_was_made_of_holds_against_it(with_baseline):
    with_baseline.runpytest(FILE).assert_outcomes(passed=1)


def test_a_regression_is_a_table_and_no_traceback(with_baseline):
    def cheaper(content):
        content["figures"]["mine/rk4/hermite/operations_per_step"] -= 1

    change(with_baseline, cheaper)
    result = with_baseline.runpytest(FILE)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"spikecost: 1 of \d+ figures regressed against costs\.json.*",
            r"figure +verdict +baseline +now +change +limit",
            r"mine/rk4/hermite/operations_per_step +regressed +\d+ +\d+ +\+1 \(\+[\d.]+ %\) +\+0 %",
        ]
    )
    assert "Traceback" not in said(result)


def test_a_cost_that_is_not_in_the_baseline_is_not_passed_over(with_baseline):
    change(with_baseline, lambda content: content["figures"].clear())
    result = with_baseline.runpytest(FILE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["spikecost: costs.json has no figure of mine at this tolerance and rate; add them *"])


def test_a_changed_model_is_judged_by_its_figures(with_baseline):
    with_baseline.makepyfile(my_model=MODEL.replace("I - v/tau", "I - v/tau - 1e-9*v*v/mV/tau"))
    result = with_baseline.runpytest(FILE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "mine/rk4/hermite/operations_per_step *regressed *",
            "mine: the definition differs from that in the baseline; *",
        ]
    )
    with_baseline.runpytest(FILE, "--spikecost-update").assert_outcomes(passed=1)
    with_baseline.runpytest(FILE).assert_outcomes(passed=1)


# --- ways to pass it -------------------------------------------------------------------------------------------------

STEP = "mine/rk4/hermite/operations_per_step"


def fails(folder, *arguments):
    result = folder.runpytest(FILE, *arguments)
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "Traceback" not in said(result)
    return said(result)


def test_a_count_that_is_one_multiplication_too_low(with_baseline, monkeypatch):
    count_one_too_few(monkeypatch)
    assert re.search(r"mul: \d+ counted, \d+ retired by the processor", fails(with_baseline))
    # the limit of the test alone would hold
    result = with_baseline.runpytest()
    result.assert_outcomes(failed=1)
    assert "retired by the processor" in said(result)


def test_a_count_of_a_step_that_is_one_multiplication_too_low(pytester, monkeypatch):
    pytester.makepyfile("def test_step(spikecost):\n    assert spikecost.operations('izhikevich', 'euler') <= 15\n")
    count_one_too_few(monkeypatch)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    assert re.search(r"mul: \d+ counted, \d+ retired", said(result))


def test_errors_halved(with_baseline, monkeypatch):
    halve_errors(monkeypatch)
    found = fails(with_baseline)
    assert "improved by more than their limit" in found
    assert "--spikecost-update" in found


def test_a_looser_reference(with_baseline, monkeypatch):
    monkeypatch.setattr(taylor, "SECOND", replace(taylor.SECOND, tolerance=2.0**-48))
    assert "/reference_tolerance" in fails(with_baseline)


def test_no_exact_counter(with_baseline, monkeypatch):
    real = auto.best
    monkeypatch.setattr(auto, "best", lambda exact=None: None if exact else real(exact))
    assert "no exact counter" in fails(with_baseline)
    with_baseline.runpytest(FILE, "--spikecost-without-counter").assert_outcomes(passed=1)


@pytest.mark.parametrize("gone", [STEP, "mine/rk4/instrumented_per_step"])
def test_a_figure_that_was_deleted_from_the_baseline(with_baseline, gone):
    change(with_baseline, lambda content: content["figures"].pop(gone))
    assert f"{gone}  not judged" in fails(with_baseline)


def test_a_limit_of_no_figure(with_baseline):
    change(with_baseline, lambda content: content["limits"].update({"*/dt_sm": {"hard": 1}}))
    assert "'*/dt_sm'" in fails(with_baseline)


@pytest.mark.parametrize(
    "deleted",
    [
        "def test_other(): pass",
        "def test_cost(spikecost): pass",
        "import pytest\n\ndef test_cost(spikecost):\n    pytest.skip()",
    ],
)
def test_a_test_that_was_deleted(with_baseline, deleted):
    with_baseline.makepyfile(test_cost=deleted)
    result = with_baseline.runpytest(FILE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["spikecost: no test asked for * figures of costs.json, such as mine/*"])
    # a user who selects tests knows that there are others
    assert with_baseline.runpytest(FILE, "-k", "test_").ret == pytest.ExitCode.OK


@pytest.mark.slow
def test_figures_that_worker_processes_judged_are_judged(with_baseline):
    # only the worker is another process: it judges, and this process hears of it
    with_baseline.runpytest_inprocess(FILE, "-n", "1").assert_outcomes(passed=1)
    with_baseline.makepyfile(test_cost="def test_other(): pass")
    assert with_baseline.runpytest_inprocess(FILE, "-n", "1").ret == pytest.ExitCode.USAGE_ERROR


def test_an_update_of_all_tests_forgets_what_none_asks_for(with_baseline):
    change(with_baseline, lambda content: content["figures"].update({"gone/rk4/hermite/operations_per_step": 1.0}))
    assert with_baseline.runpytest(FILE).ret == pytest.ExitCode.USAGE_ERROR
    result = with_baseline.runpytest(FILE, "--spikecost-update", "-k", "cost")
    result.stdout.fnmatch_lines(["spikecost: * 1 of models that these tests do not use were kept*"])
    with_baseline.runpytest(FILE, "--spikecost-update").stdout.fnmatch_lines(["spikecost: * 1 removed*"])
    with_baseline.runpytest(FILE).assert_outcomes(passed=1)


def test_failing_tests_make_no_baseline(project):
    folder = project(1)
    result = folder.runpytest(FILE, "--spikecost-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["spikecost: tests failed: the baseline was left as it is"])
    assert not (folder.path / "costs.json").exists()


def test_a_baseline_that_cannot_be_read(project):
    folder = project(500)
    result = folder.runpytest(FILE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --spikecost-baseline: cannot read the baseline costs.json: No such file *"])
    (folder.path / "costs.json").write_text("mine")
    for more in ([], ["--spikecost-update"]):
        assert folder.runpytest(FILE, *more).ret == pytest.ExitCode.USAGE_ERROR
        assert (folder.path / "costs.json").read_text() == "mine"
    assert folder.runpytest("--spikecost-update").ret == pytest.ExitCode.USAGE_ERROR


def test_tests_that_do_not_use_it_do_not_pay_for_it(pytester):
    pytester.makepyfile("""
        import sys

        def test_mine():
            assert not {"numpy", "pandas", "brian2", "matplotlib", "heyoka", "scipy"} & sys.modules.keys()
    """)
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)
