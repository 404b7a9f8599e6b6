"""How a run was done, in a paragraph for a paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...accuracy.search.sweep import MOST_PROBES, PROBES
from ..results.provenance import commit_said
from ..results.run_tables import RunTables
from ..writing.drives import called, panel_name
from .bibliography import Work, cited, of_method


def methods_text(run: RunTables) -> str:
    """Return the paragraph: plain text, every number from the run itself."""
    suite, facts = run.about["suite"], run.provenance
    models = [_with_sources(label, cited(model["source"])) for label, model in run.about["models"].items()]
    methods = [_with_sources(name, of_method(name)) for name in suite["methods"]]
    sentences = [
        f"Costs were compared at equal accuracy with spikecost {facts['spikecost']}{_commit(facts)}.",
        f"The models were {_and(models)}.",
        f"Each was driven, over {_and(_seconds(suite['horizons']))} of model time, by {_stimuli(run)} "
        f"{_levels(suite)}.",
        *_silent(run),
        f"The integration methods were {_and(methods)}; spikes were located by the detections {_and(_located(run))}.",
        f"We took the largest time step at which, and below which, the required accuracy holds for every stimulus. "
        f"This was verified by runs of all stimuli at this step, at {PROBES} to {MOST_PROBES} smaller steps down to "
        f"half of it, and at {suite['per_decade']} steps per decade below, in a sweep down from "
        f"{suite['coarsest']:g} ms.",
        f"Required accuracy: {_and(map(_criterion, run.about['criteria']), 'or')}.",
        *_references(run),
        "Costs are operations of the time step as it is executed, spikes included, in operations per ms of model time: "
        "geometric means over the stimuli with 95 % percentile bootstrap intervals (Efron and Tibshirani 1993).",
        f"Kernels were compiled by {facts['compiler']} with {facts['flags, one neuron']} and ran on "
        f"{facts['processor']}, {facts['logical processors']} logical processors, {facts['system']}, Python "
        f"{facts['Python']}, Brian2 {facts['brian2']}, heyoka {facts['heyoka']}.",
        *_seeds(run),
    ]
    return " ".join(" ".join(sentences).split()) + "\n"


def _commit(facts: Mapping[str, str]) -> str:
    commit = commit_said(facts)
    return f" (commit {commit})" if commit else ""


def _stimuli(run: RunTables) -> str:
    suite = run.about["suite"]
    kinds = _and(called(name) for name in suite["stimuli"])
    return f"{suite['trials']} stimuli of {'the kind' if len(suite['stimuli']) == 1 else 'each of the kinds'} {kinds}"


def _levels(suite: Mapping[str, Any]) -> str:
    multiples = [f"{multiple:g}" for multiple in suite["rheobases"]]
    by_rates: dict[tuple[float, ...], list[str]] = {}
    for kind in suite["stimuli"]:
        by_rates.setdefault(tuple(suite.get("rates_of", {}).get(kind, suite["rates"])), []).append(panel_name(kind))
    rates = [
        f"{_and(f'{rate:g}' for rate in own)} Hz" + (f" ({_and(kinds)})" if len(by_rates) > 1 else "")
        for own, kinds in by_rates.items()
        if own
    ]
    parts = [f"with mean firing rates of {_and(rates)}"] if rates else []
    return _and([*parts, *([f"at {_and(multiples)} times the rheobase"] if multiples else [])])


def _criterion(criterion: Mapping[str, Any]) -> str:
    if criterion["measure"] != "maximum":
        return str(criterion["text"])
    return f"no spike missing or extra and no spike-time error above {criterion['tolerance']:g} ms"


def _silent(run: RunTables) -> list[str]:
    lacking = run.regimes[run.regimes["reason"].fillna("") != ""]
    return [f"Not compared: {row['model']} at {row['level']} ({row['reason']})." for row in lacking.to_dict("records")]


def _references(run: RunTables) -> list[str]:
    if not len(run.references):
        return []
    kinds = _and(dict.fromkeys(run.references["method"]))
    return [
        f"Errors are measured against reference solutions ({kinds}); the stated error of their spike times "
        f"is at most {run.references['error_ms'].max():.1g} ms."
    ]


def _seeds(run: RunTables) -> list[str]:
    said = []
    for column, what in (("seed", "stimuli"), ("noise_seed", "models' noise")):
        seeds = run.references[column].dropna()
        said += [f"of the {what} {seeds.min():g} to {seeds.max():g}, "] if len(seeds) else []
    return [f"Seeds: {''.join(said)}of the bootstrap {run.about['seeds']['bootstrap']}."]


def _located(run: RunTables) -> list[str]:
    """Return the detections with which something was run; those of the suite if nothing was."""
    ran = set(run.points["detection"])
    return [each for each in run.about["suite"]["detections"] if each in ran or not ran]


def _with_sources(name: str, works: Sequence[Work]) -> str:
    sources = "; ".join(work.cited_as for work in works)
    return f"{name} ({sources})" if sources else name


def _seconds(horizons: Iterable[float]) -> list[str]:
    return [f"{horizon / 1000:g} s" for horizon in horizons]


def _and(items: Iterable[str], word: str = "and") -> str:
    every = list(items)
    return f" {word} ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
