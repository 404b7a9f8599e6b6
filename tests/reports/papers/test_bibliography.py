"""The literature: complete for all registries, valid BibTeX, and the literature of a run."""

import pytest
from pybtex.database import parse_string

from spikecost.accuracy.measures import MEASURES
from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import METHODS
from spikecost.reports.claims import published  # noqa: F401 - registers the claims
from spikecost.reports.claims.claim import CLAIMS
from spikecost.reports.papers.bibliography import bibliography, cited, literature, of_method, works


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_catalogue_cites_works_that_are_known(name):
    assert cited(MODELS[name].source), f"add what '{MODELS[name].source}' cites to sources.bib"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_cites_works_that_are_known(name):
    assert of_method(name), f"add what '{METHODS[name].source}' cites to sources.bib, or cite a work there"


@pytest.mark.parametrize("registry", [METHODS, DETECTIONS, MEASURES])
def test_the_works_of_a_docstring_are_in_the_source(registry):
    for each in registry.values():
        described = cited(type(each).__dict__.get("__doc__") or "")
        assert {work.key for work in described} == {work.key for work in cited(getattr(each, "source", ""))}, each


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_cites_works_that_are_known(name):
    assert cited(CLAIMS[name].source), f"add what '{CLAIMS[name].source}' cites to sources.bib"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Hodgkin and Huxley 1952, J. Physiol. 117:500, equations 7 and 8", ["hodgkin1952"]),
        ("Naud et al. 2008, Biol. Cybern.; Brette and Gerstner 2005", ["naud2008", "brette2005"]),
        ("Izhikevich 2003, the program. The programs of his 2004 paper", ["izhikevich2003"]),
        ("Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel 2003", ["fourcaud2003"]),
        ("Somebody 2003, after Izhikevich", []),
    ],
)
def test_what_a_text_cites(text, keys):
    assert [work.key for work in cited(text)] == keys


def test_the_whole_file_is_bibtex():
    entries = parse_string("\n".join(work.bibtex for work in works().values()), "bibtex").entries
    assert set(entries) == set(works())
    for key, entry in entries.items():
        assert entry.persons["author"], key
        assert {"title", "year"} <= set(entry.fields), key
        needed = {
            "misc": {"howpublished", "doi"},
            "article": {"journal", "volume", "pages"},
            "book": {"publisher"},
            "inproceedings": {"booktitle"},
            "incollection": {"booktitle", "publisher"},
        }
        assert needed[entry.type] <= set(entry.fields), key
    assert works()["hodgkin1952"].cited_as == "Hodgkin and Huxley 1952"
    assert works()["wang1996"].cited_as == "Wang and Buzsaki 1996"
    assert works()["mihalas2009"].cited_as == "Mihalas and Niebur 2009"
    assert works()["brette2007"].cited_as == "Brette et al. 2007"


def test_the_literature_of_a_run(small_run):
    keys = {work.key for work in literature(small_run)}
    assert {
        "izhikevich2003",
        "izhikevich2004",
        "hairer1993",
        "shelley2001",
        "kistler1997",
        "horowitz2014",
        "efron1993",
        "stimberg2019",
        "biscani2021",
    } <= keys
    assert not keys & {"hodgkin1952", "rush1978"}
    assert set(parse_string(bibliography(small_run), "bibtex").entries) == keys


def test_a_model_without_a_known_source_is_listed_with_its_words(hostile_run):
    entries = parse_string(bibliography(hostile_run), "bibtex").entries
    own = [entry for entry in entries.values() if entry.type == "misc"]
    assert len(own) == 1
    assert own[0].fields["note"] == "no source is given"
    assert r"\textless{}script\textgreater{}" in own[0].fields["title"]
