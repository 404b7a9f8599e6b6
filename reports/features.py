"""Which model shows which of the twenty features, and which of them are the time step's."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..accuracy.features import FEATURES
from ..accuracy.features.demo_runs import DemoRun, run_demo
from ..accuracy.features.demos import demos
from ..accuracy.features.search import FOUND, search
from ..accuracy.study import Progress
from ..models.catalogue import MODELS, get_model
from ..models.neuron import NeuronModel

#: What Izhikevich 2004 states in its comparison, where that is sure: all twenty for his own model, three for
#: integrate-and-fire (as widely quoted). For the other models its marks were not at hand.
_TWENTY = frozenset(FEATURES)
STATED = {
    "lif": frozenset({"tonic_spiking", "class_1", "integrator"}),
    "izhikevich": _TWENTY,
    "izhikevich_mv": _TWENTY,
}

#: Columns of `features`, and what they are.
COLUMNS = {
    "model": "name of the model",
    "parameters": "its preset",
    "letter": "panel of the feature in figure 1 of Izhikevich 2004",
    "feature": "name of the feature",
    "outcome": "found (on the reference solution), not found (with these parameters and trials), cannot (no parameters "
               "would do) or not tried",
    "stated_2004": "+ or - in Izhikevich 2004, where the literature is sure; else empty",
    "reason": "the detector's numbers, or why not",
    "stimulus": "in which it was found: (ms, input) pieces, those of a ramp with both ends",
    "trials": "stimuli that were tried",
}
#: Columns of `demo_table`, and what they are.
DEMO_COLUMNS = {
    "letter": "panel of figure 1",
    "feature": "what it shows",
    "tau_ms": "published time step",
    "spikes_as_published": "spikes with the published scheme and step",
    "spikes_converged": "spikes of the reference solution; of a runaway those before it was given up",
    "first_as_published_ms": "time of the first one",
    "first_converged_ms": "time of the first one",
    "shown_as_published": "whether the detector finds the feature with the published scheme and step",
    "shown_converged": "whether it finds it in the reference solution",
    "finding": "both in words",
    "artefact_from_ms": "the smallest step (of the published one and its halves) that shows a feature which the "
                        "converged model does not have",
    "same_from_ms": "the largest step from which on down feature and number of spikes are the converged model's",
    "error_ms": "stated error of the reference's spike times",
    "reason_as_published": "the detector's numbers",
    "reason_converged": "the detector's numbers",
}


def features(models: Sequence[str | NeuronModel] | None = None, presets: bool = False,
             progress: Progress | None = None) -> pd.DataFrame:
    """Look for the twenty features in models.

    Parameters
    ----------
    models : sequence of str or NeuronModel, optional
        All that are registered by default.
    presets : bool
        Whether to look at every preset of a model that is not given with one.
    progress : Progress, optional

    Returns
    -------
    DataFrame
        One row a model, set of parameters and feature; columns in `COLUMNS`.

    Raises
    ------
    UserError
        If a model is not known.
    """
    subjects = [each for given in (list(MODELS) if models is None else models) for each in _sets(given, presets)]
    progress = progress or Progress()
    progress.begin("features", len(subjects))
    rows = []
    for model in subjects:
        rows += [
            {
                "model": model.name,
                "parameters": model.preset,
                "letter": FEATURES[finding.feature].letter,
                "feature": finding.feature,
                "outcome": finding.outcome,
                "stated_2004": stated(model.name, finding.feature),
                "reason": finding.reason,
                "stimulus": finding.stimulus,
                "trials": finding.trials,
            }
            for finding in search(model)
        ]
        progress.done()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stated(model: str, feature: str) -> str:
    """Return the mark of a model in Izhikevich 2004, ``+`` or ``-``; empty where it is not known for sure."""
    return ("+" if feature in STATED[model] else "-") if model in STATED else ""


def feature_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row a feature, one column a model with its parameters, and a row of counts, of `features`' table."""
    wide = found[["letter", "feature"]].drop_duplicates().reset_index(drop=True)
    last: dict[str, object] = {"letter": "", "feature": FOUND}
    for (model, preset), rows in found.groupby(["model", "parameters"], sort=False):
        label = f"{model}:{preset}" if preset else str(model)
        wide[label] = wide["feature"].map(dict(zip(rows["feature"], rows["outcome"], strict=True)))
        last[label] = f"{(rows['outcome'] == FOUND).sum()} of {len(rows)}"
    return pd.concat([wide, pd.DataFrame([last])], ignore_index=True)


def counts(found: pd.DataFrame, of_demos: pd.DataFrame | None = None) -> dict[str, int]:
    """Return how many features each model shows with any of the parameters that were looked at.

    Parameters
    ----------
    found : DataFrame
        As `features` returns.
    of_demos : DataFrame, optional
        As `demo_table` returns: what they show converged counts for Izhikevich's model.
    """
    shown = {str(model): set(rows.loc[rows["outcome"] == FOUND, "feature"])
             for model, rows in found.groupby("model", sort=False)}
    if of_demos is not None:
        for model in shown.keys() & {"izhikevich", "izhikevich_mv"}:
            shown[model] |= set(of_demos.loc[of_demos["shown_converged"], "feature"])
    return {model: len(names) for model, names in shown.items()}


def demo_table() -> pd.DataFrame:
    """Run the twenty demos of Izhikevich 2004 as published and converged.

    Returns
    -------
    DataFrame
        One row a demo; columns in `DEMO_COLUMNS`.
    """
    return pd.DataFrame([_row(run_demo(demo)) for demo in demos()], columns=list(DEMO_COLUMNS))


def _sets(given: str | NeuronModel, presets: bool) -> list[NeuronModel]:
    model = get_model(given)
    if not presets or not model.presets or (isinstance(given, str) and ":" in given):
        return [model]
    return [model.with_preset(preset) for preset in model.presets]


def _row(run: DemoRun) -> dict[str, object]:
    published, converged = run.spikes_as_published, run.spikes_converged
    return {
        "letter": run.letter,
        "feature": run.feature,
        "tau_ms": run.tau,
        "spikes_as_published": len(published),
        "spikes_converged": len(converged),
        "first_as_published_ms": published[0] if published else None,
        "first_converged_ms": converged[0] if converged else None,
        "shown_as_published": run.as_published.shown,
        "shown_converged": run.converged.shown,
        "finding": _finding(run),
        "artefact_from_ms": run.artefact_from,
        "same_from_ms": run.converged_from,
        "error_ms": run.error,
        "reason_as_published": run.as_published.reason,
        "reason_converged": run.converged.reason,
    }


def _finding(run: DemoRun) -> str:
    if run.artefact:
        return "artefact of the step" + (", converged: a runaway" if run.runaway else "")
    if len(run.spikes_as_published) != len(run.spikes_converged):
        return "shown, with other spikes"
    return "shown"
