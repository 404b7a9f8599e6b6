"""What the page says without scripts."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path

from spikecost.flops.counters import auto
from spikecost.flops.counters.hardware.base import why_no_pmu
from spikecost.models.methods import METHODS
from spikecost.reports.page import SCRIPTS, atlas_page, breakable, page
from spikecost.reports.page.tables import in_short, stability, verdict
from spikecost.reports.page.tables import lacking as not_compared

from ...messages import mentions


def _verdict(winner, *others, ranked=True, bound=""):
    return {
        "first": {"model": winner},
        "others": [{"model": name, "ratio": ratio, "ranked": ranked, "bound": bound} for name, ratio in others],
    }


def test_the_verdict_in_short():
    assert in_short([]) == []
    assert mentions(*in_short([_verdict("a")]), "a is cheapest in the only")
    assert mentions(*in_short([_verdict("a", ("b", 2.0))] * 2), "a is cheapest in all 2", "b costs 2 times")
    first, second = in_short(
        [_verdict("a", ("b", 1.1), ranked=False), _verdict("b", ("a", 3.0)), _verdict("a", ("b", 1.5), ("c", 30.0))]
    )
    assert mentions(
        first, "a is cheapest in 2 of 3", "b costs 1.1 to 1.5 times", "too close to rank", "c costs 30 times"
    )
    assert mentions(second, "b is cheapest in 1 of 3", "a costs 3 times")
    # a bound is shown as one, and an unknown ratio is left out
    (bounded,) = in_short([_verdict("a", ("b", 2.0), bound="at least"), _verdict("a", ("b", 3.0))])
    assert mentions(bounded, "a is cheapest in all 2", "b costs \u2265 2 to 3 times")
    (unknown,) = in_short([_verdict("a", ("b", 2.0), bound="not known")])
    assert "b costs" not in unknown
    many = in_short([_verdict("a", *((f"m{i}", float(i)) for i in range(9, 1, -1)))])[0]
    assert many.endswith("; m5 costs 5 times as much; the table lists the other 4 models.")


def test_a_model_that_is_not_compared_has_its_reason_in_the_verdict(small_run):
    # the squid axon does not fire at 50 Hz; here LIF replaces it
    gone = (small_run.regimes["model"] == "lif") & (small_run.regimes["level"] == "50 Hz")
    kept = {
        name: frame[~((frame["model"] == "lif") & (frame["level"] == "50 Hz"))]
        for name in ("table", "by_stimulus")
        for frame in [getattr(small_run, name)]
    }
    found = verdict(
        replace(
            small_run,
            regimes=small_run.regimes.assign(
                reason=small_run.regimes["reason"].where(~gone, "it cannot fire so slowly")
            ),
            **kept,
        )
    )
    lacking = {row["regime"].split(", ")[1]: (row["first"]["model"], row["lacking"]) for row in found}
    assert lacking == {
        "50 Hz": ("izhikevich:RS", [{"model": "lif", "reason": "it cannot fire so slowly"}]),
        "100 Hz": ("lif", []),
    }
    # the page shows the reason once
    (once,) = not_compared(found)
    assert (once["model"], once["reason"], len(once["where"])) == ("lif", "it cannot fire so slowly", 2)


def two_winners(run):
    """Return the run with another winner in one situation."""
    winners = run.winners.copy()
    winners.loc[winners.index[0], "winner"] = "izhikevich:RS"
    return replace(run, winners=winners)


def test_a_map_with_one_model_everywhere_is_left_out(small_run):
    assert set(small_run.winners["winner"]) == {"lif"}
    assert "Winner map" not in page(small_run)
    assert "Winner map" in page(two_winners(small_run))


def test_what_needs_no_script_is_text(small_run):
    text = page(two_winners(small_run))
    before = text[: text.index("<script")]
    for part in (
        "Which model is cheapest",
        "Winner map",
        "Failed cases",
        "Provenance",
        small_run.provenance["compiler"],
    ):
        assert part in before
    assert small_run.provenance["processor"] in before
    fields = len(small_run.winners[small_run.winners["winner"] != ""])
    assert before.count('class="field') == fields


def test_stability_limits_are_the_smallest_of_a_models_cases(small_run):
    found = stability(small_run)
    assert found["models"] == small_run.models
    for row in found["rows"]:
        for model, limit in row["of"].items():
            table = small_run.table
            cases = table[(table["model"] == model) & (table["method"] == row["method"])]
            assert limit["dt"] == cases["stable_dt_ms"].min()
            assert limit["beyond"] == cases["diverges_at_dt_ms"].isna().all()
    assert "Stability limits" in page(small_run)


def test_failed_cases_have_their_reason(small_run):
    table = small_run.table.copy()
    table.loc[3, ["status", "reason", "flops_per_ms"]] = ["not reached", "by 3 of 3 stimuli: diverged at dt = 1", None]
    text = page(replace(small_run, table=table))
    assert "by 3 of 3 stimuli: diverged at dt = 1" in text[text.index('id="failed"') :]


def test_it_says_why_the_processors_own_counters_are_not_there(small_run):
    reasons = auto.reasons()
    for name in ("papi", "perf"):
        assert (f"{name}: {reasons.get(name)}" in small_run.about["no_hardware_count"]) == bool(why_no_pmu())
    said = "the processor itself counts are not available: no counter of the processor works here (papi: x)"
    assert said in page(replace(small_run, about={**small_run.about, "no_hardware_count": "papi: x"}))
    assert "Costs that the processor itself counts" not in page(
        replace(small_run, about={**small_run.about, "no_hardware_count": ""})
    )


def test_a_long_name_is_broken_after_an_underscore_only(small_run):
    assert breakable("hodgkin_huxley<b>") == "hodgkin_<wbr>huxley&lt;b&gt;"


def test_every_method_has_a_marker_of_its_own():
    script = (Path(inspect.getfile(page)).parent / "browser" / "plot.js").read_text()
    symbols = re.findall(r'"([a-z-]+)"', script.split("const SYMBOLS = [", 1)[1].split("]", 1)[0])
    assert len(symbols) == len(set(symbols)) >= len(METHODS)
    outlines = script.split("const outlines = {", 1)[1].split("};", 1)[0]
    assert all(re.search(rf'[\s"]{symbol}"?:', outlines) for symbol in symbols)


def test_our_scripts_cannot_end_their_own_element():
    folder = Path(inspect.getfile(page)).parent / "browser"
    ours = {*SCRIPTS, *atlas_page.SCRIPTS}
    for name in ours:
        assert "</script" not in (folder / name).read_text()
    assert {path.name for path in folder.glob("*.js")} == ours
