"""A recommendation from the atlas: nothing is run, and it is said which regime it is from."""

import pytest
from brian2 import Hz, ms

from spikecost.accuracy.features import FEATURES
from spikecost.accuracy.features.shown.known import known
from spikecost.accuracy.features.shown.search import FOUND
from spikecost.models.catalogue import MODELS, presets_of
from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.reports.atlas import kept
from spikecost.reports.comparison.recommendation import from_atlas
from spikecost.reports.comparison.recommendation import recommend as recommend_module
from spikecost.reports.comparison.recommendation.from_atlas import run_of_atlas, why_not_from_atlas
from spikecost.reports.comparison.recommendation.recommend import recommend
from spikecost.reports.comparison.run_folder import RunFolder

from ....archetypes import OF_EACH_FORM, choose

#: The methods with which everyday tests run a model beside the atlas: one of each form, and one that chooses its steps.
METHODS = (*OF_EACH_FORM, "exact", "dormand_prince")


@pytest.fixture(autouse=True)
def nothing_is_run(monkeypatch):
    monkeypatch.setattr(recommend_module, "compare", lambda *_, **__: pytest.fail("models were run"))


def test_it_is_the_cheapest_row_of_the_nearest_stricter_regime():
    found = recommend(45 * Hz, 0.2 * ms, models=["lif", "izhikevich"], atlas="constant")
    rows = kept.read(wanted={"stimulus": "constant", "level": "50 Hz", "tolerance": 0.1, "horizon_ms": 1000.0})
    rows = rows[rows["model"].isin(["lif", "izhikevich:RS"])]
    assert found.choice["flops_per_ms"] == rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).min()
    assert found.choice["error_ms"] <= 0.1
    assert "constant at 50 Hz, the nearest rate that is not below 45 Hz" in found.why[0]
    assert any("judged at 0.1 ms" in said for said in found.why)
    assert found.asked["rate_hz"] == pytest.approx(45)


def test_a_model_that_does_not_reach_the_rate_is_said():
    found = recommend(20 * Hz, 0.1 * ms, atlas="constant")
    assert "starts to fire at 50.12 Hz" in found.not_recommended["hodgkin_huxley"]


def test_an_engine_restricts_it():
    found = recommend(20 * Hz, 0.1 * ms, models=["lif"], engine="brian2", atlas="constant")
    assert found.choice["detection"] == "grid"
    assert "run(" in found.code


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"atlas": "constant", "rate": 5000 * Hz}, "no rate of 5000 Hz or more with constant: it has"),
        ({"atlas": "ramp"}, "the atlas has no drive 'ramp': known are ornstein_uhlenbeck, constant, "),
        ({"atlas": ""}, "the atlas has no drive '': known are "),
        ({"atlas": "constnt"}, "did you mean 'constant'"),
        ({"drive": "constant"}, "give a run, or from the atlas --atlas constant"),
        ({"models": []}, "there are no models: give at least one"),
        (
            {"atlas": "constant", "tolerance": 1e-3 * ms},
            "^the atlas has no tolerance as strict as 0.001 ms: it has 0.01 ms, 0.03 ms, 0.1 ms, 0.3 ms, 1 ms; with "
            "`--atlas off` the models are run$",
        ),
        ({"atlas": "constant", "tolerance": 1e-6 * ms}, "no tolerance as strict as 1e-06 ms"),
        ({"atlas": "constant", "features": [*FEATURES]}, f"no model that is cheap enough shows {', '.join(FEATURES)}"),
        ({"atlas": "constant", "models": ["no_model"]}, "unknown model 'no_model'"),
    ],
)
def test_what_the_atlas_has_not_is_one_line(given, said):
    more = {"rate": 20 * Hz, "tolerance": 0.1 * ms} | given
    with pytest.raises(UserError, match=said) as caught:
        recommend(more.pop("rate"), more.pop("tolerance"), **more)
    assert "\n" not in str(caught.value)


def test_a_part_that_is_missing_is_said(monkeypatch):
    read = kept.read

    def without_one(*given, **more):
        rows = read(*given, **more)
        return rows[rows["model"] != "pospischil_ib:IBR"]

    monkeypatch.setattr(kept, "read", without_one)
    said = "^the atlas does not have pospischil_ib:IBR at 100 Hz with poisson_conductance yet; leave it out"
    models = ["izhikevich2007:IB", "pospischil_ib:IBR"]
    with pytest.raises(UserError, match=said):
        recommend(60 * Hz, 0.1 * ms, atlas="poisson_conductance", models=models)


def test_the_atlas_as_a_run():
    run, rate, said = run_of_atlas(20.0, "ornstein_uhlenbeck")
    assert isinstance(run, RunFolder)
    assert rate == 20.0
    assert "nearest" not in said
    assert set(run.models) == set(run.own["model"])


def test_without_anything_else_the_atlas_answers_under_a_fluctuating_current():
    found = recommend(20 * Hz, 0.1 * ms)
    assert found.why[0].startswith("from the atlas, nothing was run: ornstein_uhlenbeck at 20 Hz")
    rows = kept.read(
        wanted={"stimulus": "ornstein_uhlenbeck", "level": "20 Hz", "tolerance": 0.1, "horizon_ms": 1000.0}
    )
    assert found.choice["flops_per_ms"] == rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).min()
    assert set(found.not_recommended) >= set(rows["model"]) - {found.choice["model"]}


def cheapest_of(models, tolerance, **wanted):
    """Return the lowest cost in the atlas of some models for spikes within a tolerance: round dt, or error controls."""
    rows = kept.read(wanted={"stimulus": "ornstein_uhlenbeck", "level": "20 Hz", "horizon_ms": 1000.0, **wanted})
    rows = rows[rows["model"].isin(models) & (rows["tolerance"] <= tolerance)]
    return rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).min()


def test_a_name_alone_is_the_model_with_any_of_its_presets():
    found = recommend(20 * Hz, 0.1 * ms, models=["adex"])
    every = [model.label for model in presets_of(MODELS["adex"])]
    assert {found.choice["model"], *found.others["model"]} == set(every)
    assert found.choice["flops_per_ms"] == cheapest_of(every, 0.1)
    # which preset it is, is printed first
    assert found.text.startswith(f"{found.choice['model']} with ")
    assert recommend(20 * Hz, 0.1 * ms, models=["izhikevich:CH"]).choice["model"] == "izhikevich:CH"


def test_what_does_not_meet_the_request_is_not_among_what_does():
    """A model without the feature, or over the budget, is neither counted nor another way."""
    budget = 5e5
    found = recommend(20 * Hz, 0.1 * ms, features=["tonic_bursting"], budget=budget)
    rows = kept.read(wanted={"stimulus": "ornstein_uhlenbeck", "level": "20 Hz", "horizon_ms": 1000.0})
    rows = rows[(rows["tolerance"] <= 0.1)]
    costs = 1000 * rows["round_flops_per_ms"].fillna(rows["flops_per_ms"])
    shows = rows["model"].map(lambda label: known(get_model(label))["tonic_bursting"] == FOUND)
    meet = rows[shows & (costs <= budget)]
    ways = meet.drop_duplicates(["model", "method", "detection"])
    assert set(found.others["model"]) == set(meet["model"])
    assert "adaptive_lif" not in found.others["model"].tolist()
    assert found.others["times"].min() == found.others["times"].iloc[0] == 1
    (said,) = [reason for reason in found.why if reason.startswith("the cheapest of ")]
    assert said.startswith(f"the cheapest of {len(ways)} ways that meet the request, with ")
    assert set(said.partition(", with ")[2].split(", ")) == set(meet["model"])
    assert "does not show tonic_bursting" in found.not_recommended["adaptive_lif"]
    dear = set(rows[shows & costs.notna()]["model"]) - set(meet["model"])
    assert all(found.not_recommended[label].endswith("more than the budget") for label in dear)


@pytest.mark.parametrize("models", [None, ["adex"], ["izhikevich", "mihalas_niebur"]])
@pytest.mark.parametrize("features", [["tonic_spiking"], ["tonic_bursting", "mixed_mode"]])
def test_more_wishes_are_never_cheaper(models, features):
    costs = []
    for tolerance, wished in ((1, ()), (0.1, ()), (0.1, features[:1]), (0.1, features)):
        try:
            found = recommend(20 * Hz, tolerance * ms, models=models, features=wished)
        except UserError as error:
            assert "no model that is cheap enough shows" in str(error)  # noqa: PT017 - the rest is a law of all others
            break
        costs.append(found.choice["flops_per_ms"])
    assert len(costs) > 1
    assert costs == sorted(costs)


@pytest.mark.parametrize(
    ("model", "rate", "tolerance", "cheaper_at"),
    [("adex:accelerating", 20, 0.3, 0.1), ("adex:RS", 50, 0.3, 0.1), ("hodgkin_huxley", 100, 1.0, 0.3)],
)
def test_a_way_for_a_stricter_tolerance_may_be_the_cheapest(model, rate, tolerance, cheaper_at):
    """Its error control takes other steps for smaller errors, and needs fewer operations."""
    rows = kept.read(wanted={"stimulus": "constant", "level": f"{rate} Hz", "model": model, "horizon_ms": 1000.0})
    costs = rows["round_flops_per_ms"].fillna(rows["flops_per_ms"]).groupby(rows["tolerance"]).min()
    assert costs[cheaper_at] < costs[tolerance]
    found = recommend(rate * Hz, tolerance * ms, models=[model], atlas="constant")
    assert found.choice["flops_per_ms"] == costs[costs.index <= tolerance].min()
    assert found.choice["tolerance_ms"] == cheaper_at
    assert found.choice["error_ms"] <= cheaper_at
    said = f"judged at {cheaper_at:g} ms: what holds there holds at {tolerance:g} ms, too"
    assert any(reason.startswith(said) for reason in found.why)


def test_features_are_looked_up_too(monkeypatch):
    monkeypatch.setattr(recommend_module, "search", lambda *_: pytest.fail("features were searched for"))
    found = recommend(20 * Hz, 0.1 * ms, features=["spike_latency"])
    assert known(get_model(found.choice["model"]))["spike_latency"] == FOUND
    assert "spike_latency" in found.not_recommended["lif"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rate": 5000 * Hz}, "no rate of 5000 Hz or more"),
        ({"tolerance": 1e-6 * ms}, "no tolerance as strict as 1e-06 ms"),
        ({"models": [MODELS["lif"].replace(name="mine")]}, "models of the catalogue only"),
        ({"features": [*FEATURES]}, "none of its models at 20 Hz shows"),
    ],
)
def test_what_the_atlas_cannot_answer_is_run_and_says_why(given, said):
    more = {"rate": 20 * Hz, "tolerance": 0.1 * ms, "models": None, "features": ()} | given
    why = why_not_from_atlas(more["rate"] / Hz, more["tolerance"] / ms, more["models"], more["features"])
    assert said in why


@pytest.mark.slow
def test_a_model_of_ones_own_is_run_alone_beside_the_atlas(monkeypatch):
    every = from_atlas.methods()
    monkeypatch.setattr(from_atlas, "methods", lambda: tuple(choose(every, lambda name: name in METHODS)))
    mine = MODELS["lif"].replace(name="mine")
    run, _, said = run_of_atlas(20.0, "ornstein_uhlenbeck", models=[mine, "lif"])
    assert said.endswith("only mine was run, in the same way")
    columns = ["method", "detection", "tolerance", "status", "dt_ms", "flops_per_ms"]
    own, of_lif = (run.table[run.table["model"] == name][columns].reset_index(drop=True) for name in ("mine", "lif"))
    key = ["method", "detection", "tolerance"]
    both = own.merge(of_lif, on=key, suffixes=("", "_lif"))
    assert len(both) == len(own) > 80
    assert set(own["method"]) == set(from_atlas.methods())
    assert both["dt_ms"].equals(both["dt_ms_lif"])
    assert both["flops_per_ms"].to_numpy() == pytest.approx(both["flops_per_ms_lif"].to_numpy(), rel=1e-5, nan_ok=True)
    with pytest.raises(UserError, match="lif is a name in the atlas, too"):
        run_of_atlas(20.0, "ornstein_uhlenbeck", models=[MODELS["lif"]])
