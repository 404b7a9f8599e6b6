"""Which model shows which of the twenty features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from ...accuracy.features import FEATURES
from ...accuracy.features.shown.search import CANNOT, FOUND, NOT_FOUND, NOT_TRIED, FeatureOutcome, Finding, search
from ...accuracy.study.phases.progress import Progress
from ...models.catalogue import MODELS
from ...models.definition.neuron import NeuronModel
from ...models.ground.errors import check_kind, check_list
from ...models.reading.by_name import get_model
from ..writing.bars import shown

#: Statements of Izhikevich 2004 in its comparison, where they are certain: all twenty for his own model, three for
#: integrate-and-fire (as widely quoted). Its marks for the other models were not available.
_TWENTY = frozenset(FEATURES)
STATED = {"lif": frozenset({"tonic_spiking", "class_1", "integrator"}), "izhikevich": _TWENTY, "izhikevich_mv": _TWENTY}

#: Columns of `features` and their meaning.
COLUMNS = {
    "model": "name of the model",
    "parameters": "its preset",
    "letter": "panel of the feature in figure 1 of Izhikevich 2004",
    "feature": "name of the feature",
    "outcome": "found (on the reference solution), not found (with these parameters and trials), cannot (impossible "
    "with any parameters) or not tried",
    "stated_2004": "+ or - in Izhikevich 2004, where the literature is certain; otherwise empty",
    "reason": "numbers from the detector, or why the feature was not found",
    "stimulus": "the stimulus that shows it: (ms, input) pieces, both ends for a ramp",
    "trials": "number of stimuli that were tried",
}


def features(
    models: Sequence[str | NeuronModel] | None = None, presets: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Look for the twenty features in models.

    Parameters
    ----------
    models : sequence of str or NeuronModel, optional
        By default all registered models.
    presets : bool
        Whether to test every preset of a model that is given without one.
    progress : Progress, optional
        By default a bar in terminals and notebooks, and nothing elsewhere.

    Returns
    -------
    DataFrame
        One row per model, set of parameters and feature; columns in `COLUMNS`.

    Raises
    ------
    UserError
        If a model is not known.
    """
    if models is not None:
        check_list(models, "models", "['izhikevich', 'lif']")
    check_kind(presets, bool, "presets", "True or False")
    subjects = [each for given in (list(MODELS) if models is None else models) for each in _sets(given, presets)]
    found = []
    with shown(progress) as told:
        told.begin("features", len(subjects))
        for model in subjects:
            found.append((model, search(model)))
            told.done()
    return findings_table(found)


def findings_table(found: Iterable[tuple[NeuronModel, Sequence[Finding]]]) -> pd.DataFrame:
    """Return the table of findings in models; it has no rows if no model was searched."""
    return pd.DataFrame(
        [
            {
                "model": model.name,
                "parameters": model.preset,
                "letter": FEATURES[finding.feature].letter,
                "feature": finding.feature,
                "outcome": finding.outcome.value,
                "stated_2004": stated(model.name, finding.feature),
                "reason": finding.reason,
                "stimulus": finding.stimulus,
                "trials": finding.trials,
            }
            for model, findings in found
            for finding in findings
        ],
        columns=list(COLUMNS),
    )


def title(feature: str) -> str:
    """Return the name of a feature as people write it."""
    return FEATURES[feature].title if feature in FEATURES else feature.replace("_", " ")


def stated(model: str, feature: str) -> str:
    """Return the mark of a model in Izhikevich 2004, ``+`` or ``-``; empty if it is not known with certainty."""
    return ("+" if feature in STATED[model] else "-") if model in STATED else ""


def feature_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `features` with one row per feature, one column per model and preset, and a row of counts."""
    wide = found[["letter", "feature"]].drop_duplicates().reset_index(drop=True)
    last: dict[str, object] = {"letter": "", "feature": FOUND.value}
    for (model, preset), rows in found.groupby(["model", "parameters"], sort=False):
        label = f"{model}:{preset}" if preset else str(model)
        wide[label] = wide["feature"].map(dict(zip(rows["feature"], rows["outcome"], strict=True)))
        last[label] = f"{(rows['outcome'] == FOUND).sum()} of {len(rows)}"
    return pd.concat([wide, pd.DataFrame([last])], ignore_index=True)


#: How `letters_table` marks outcomes.
MARKS = {FOUND: "+", NOT_FOUND: ".", CANNOT: "-", NOT_TRIED: "?"}


def letters_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `features` for many models: one row per model and preset, one mark per feature."""
    letters = list(dict.fromkeys(found["letter"]))
    rows = []
    for (model, preset), of in found.groupby(["model", "parameters"], sort=False):
        marks = {
            letter: MARKS[FeatureOutcome(outcome)] for letter, outcome in zip(of["letter"], of["outcome"], strict=True)
        }
        rows.append(
            {
                "model": f"{model}:{preset}" if preset else str(model),
                "found": sum(mark == MARKS[FOUND] for mark in marks.values()),
                " ".join(letters): " ".join(marks.get(letter, MARKS[NOT_TRIED]) for letter in letters),
            }
        )
    return pd.DataFrame(rows)


def letters_said(found: pd.DataFrame) -> str:
    """Return what the marks and letters of `letters_table` mean."""
    marks = ", ".join(f"{mark} {outcome.value}" for outcome, mark in MARKS.items())
    return f"{marks}. " + ", ".join(dict.fromkeys(found["letter"] + " " + found["feature"]))


def counts(found: pd.DataFrame, of_demos: pd.DataFrame | None = None) -> dict[str, int]:
    """Return how many features each model shows with any of the parameters that were tried.

    Parameters
    ----------
    found : DataFrame
        As `features` returns.
    of_demos : DataFrame, optional
        As `spikecost.reports.tables.demos.demo_table` returns: features shown converged count for Izhikevich's model.
    """
    shown = {
        str(model): set(rows.loc[rows["outcome"] == FOUND, "feature"])
        for model, rows in found.groupby("model", sort=False)
    }
    if of_demos is not None:
        for model in shown.keys() & {"izhikevich", "izhikevich_mv"}:
            shown[model] |= set(of_demos.loc[of_demos["shown_converged"], "feature"])
    return {model: len(names) for model, names in shown.items()}


def _sets(given: str | NeuronModel, presets: bool) -> list[NeuronModel]:
    model = get_model(given)
    if not presets or not model.presets or (isinstance(given, str) and ":" in given):
        return [model]
    return [model.with_preset(preset) for preset in model.presets]
