"""Feed what a coverage-guided fuzzer invents to whatever reads texts of users, for a bounded time.

``tox -e fuzz`` runs it for five minutes, and needs atheris, which has wheels for Linux on x86-64;
``python tests/fuzz_front_end.py SECONDS`` runs it for another time. The fuzzer remembers texts that reach new branches
of the code and changes them further. It stops with the text if one ends in anything but an answer or one line for the
user, or takes longer than 10 s.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["spikecost.models.definition.language", "spikecost.models.reading"]):
    from spikecost.models.definition.language import equation_lines, grammar, units

from spikecost.models.ground.errors import UserError
from spikecost.models.reading.by_name import get_model
from spikecost.reports.regression.small_suite import SMALL
from spikecost.reports.results.suite_file import read_suite

#: A text longer than this finds nothing that a shorter one does not.
LONGEST = 1500
SECONDS = 300
GOOD = """equations = '''
dv/dt = (EL - v + I*exp(-(v - w)/(3*mV)))/tau : volt (unless refractory)
dw/dt = -w/(20*ms) + 0.1*v/tau : volt
I : volt
tau : second
'''
threshold = "v > -50*mV and w < 3*mV"
reset = "v = EL; w += 2*mV"
refractory = "2*ms"
drive = "20*mV"
constants = { EL = "-65*mV" }
parameters = { tau = "20*ms" }
initial = { v = "EL + 2*mV", w = "0*mV" }
"""
SUITE = 'models = ["lif"]\nrates = [20, "50Hz"]\ntolerances = ["0.1ms"]\ntrials = 3\n[convention.a]\nexp = 8\n'


def _read_files(text: str, folder: Path) -> None:
    path = folder / "given.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    for read in (lambda: get_model(str(path)), lambda: read_suite(path, SMALL)):
        _answered(read)


def _answered(read: object) -> None:
    said = "-"
    try:
        read()  # type: ignore[operator]
    except UserError as error:
        said = str(error)
    except grammar.Unreadable:  # callers of the grammar make one line of it
        pass
    if len(said.splitlines()) != 1:
        raise AssertionError(f"it says {said!r}")


def main() -> None:
    """Fuzz until the time is over."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "texts"
        corpus.mkdir()
        (corpus / "model").write_bytes(b"\0" + GOOD.encode())
        (corpus / "suite").write_bytes(b"\0" + SUITE.encode())
        for i, line in enumerate([*GOOD.splitlines(), "20*Hz", "1.5e-3 second", "(v > 1) and not (w < 2)"]):
            (corpus / f"line{i}").write_bytes(b"\1" + line.encode())

        def one(given: bytes) -> None:
            text = given[1:].decode(errors="replace")
            if given[:1] == b"\0":
                _read_files(text, folder)
                return
            for read in (
                lambda: grammar.expression(text),
                lambda: grammar.condition(text),
                lambda: list(grammar.statements(text)),
                lambda: equation_lines.lines(text, "it"),
                lambda: units.parse_quantity(text),
                lambda: units.parse_rate(text),
            ):
                _answered(read)

        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
