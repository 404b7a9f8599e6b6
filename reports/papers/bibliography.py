"""The literature behind a run, as BibTeX.

`sources.bib` contains the works. Whatever uses them cites them in its own words, by the first author's surname and the
year: a model in its `source`, a method, a detection or a measure in its docstring, a convention in its `source`. So a
new model needs no entry here to be run; a model that cites no known work is listed with the text of its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from unicodedata import combining, normalize

from pybtex.database import Person, parse_string

from ...accuracy.measures import MEASURES
from ...accuracy.references.reference import Solver
from ...models.detection import DETECTIONS
from ...models.methods import METHODS
from ..results.run_tables import RunTables
from ..writing.escape import latex


@dataclass(frozen=True)
class Work:
    """A book or paper."""

    key: str
    kind: str
    """Type of the entry, such as ``article``."""
    fields: dict[str, str]
    """Fields of BibTeX, including ``author`` and ``year``; TeX, not plain text."""

    @property
    def surnames(self) -> list[str]:
        """The authors' surnames, without accents."""
        people = map(Person, self.fields["author"].split(" and "))
        names = [" ".join(map(str, (*each.rich_prelast_names, *each.rich_last_names))) for each in people]
        return ["".join(filter(lambda sign: not combining(sign), normalize("NFD", name))) for name in names]

    @property
    def cited_as(self) -> str:
        """The citation in texts: ``Hodgkin and Huxley 1952``."""
        names = self.surnames if len(self.surnames) < 3 else [f"{self.surnames[0]} et al."]
        return f"{' and '.join(names)} {self.fields['year']}"

    @property
    def bibtex(self) -> str:
        """The entry in BibTeX's format."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


@cache
def works() -> dict[str, Work]:
    """Return the known works, by key."""
    text = files(__package__).joinpath("sources.bib").read_text(encoding="utf-8")
    return {
        key: Work(key, entry.type, {"author": " and ".join(map(str, entry.persons["author"])), **entry.fields})
        for key, entry in parse_string(text, "bibtex").entries.items()
    }


def cited(text: str) -> list[Work]:
    """Return the works that a text cites, in order of citation."""
    places = [(match.start(), work) for work in works().values() if (match := re.search(_citation(work), text))]
    return [work for _, work in sorted(places, key=lambda place: (place[0], place[1].key))]


def of_method(name: str) -> list[Work]:
    """Return the works that an integration method cites; none if it is not registered here."""
    return cited(METHODS[name].source) if name in METHODS else []


def literature(run: RunTables) -> list[Work]:
    """Return the works behind a run, each once: models, methods, detections, measures, conventions, software."""
    suite = run.about["suite"]
    texts = [
        *(model["source"] for model in run.about["models"].values()),
        *_sources(suite["methods"], METHODS),
        *_sources(suite["detections"], DETECTIONS),
        *_sources(run.measures, MEASURES),
        *(each["source"] for each in run.about["conventions"].values()),
    ]
    found = {work.key: work for text in texts for work in cited(text)}
    taylor = (run.references["method"] == Solver.TAYLOR.value).any()
    tools = ["efron1993", "stimberg2019", *(["biscani2021"] if taylor else [])]
    return [*found.values(), *(works()[key] for key in tools if key not in found)]


def bibliography(run: RunTables) -> str:
    """Return the literature of a run as a BibTeX file."""
    entries = [work.bibtex for work in literature(run)]
    unknown = [(label, model) for label, model in run.about["models"].items() if not cited(model["source"])]
    entries += [_unknown(f"model{i}", label, model) for i, (label, model) in enumerate(unknown, 1)]
    return "\n\n".join(entries) + "\n"


def _sources(names: Iterable[str], registry: Mapping[str, object]) -> Iterator[str]:
    for name in names:
        if name in registry:  # a method of another package may not be installed here
            yield getattr(registry[name], "source", "")


def _citation(work: Work) -> str:
    # other authors may be in between, but no other number
    return rf"\b{re.escape(work.surnames[0])}\b\D{{0,90}}\b{work.fields['year']}\b"


def _unknown(number: str, label: str, model: dict[str, str]) -> str:
    # two labels may differ only in a character that no key can contain
    key = f"{number}_{re.sub(r'[^A-Za-z0-9]+', '_', label).strip('_')}"
    note = model["source"] or "no source is given"
    return Work(
        key,
        "misc",
        {
            "key": key,  # the entry is sorted by this if it has no author
            "title": f"{{{latex(label)}}}: {latex(model['description'] or 'a neuron model')}",
            "note": latex(note),
        },
    ).bibtex
