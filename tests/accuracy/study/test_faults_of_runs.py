"""What faults cost a run with a store: nothing that was committed, and one line."""

from __future__ import annotations

import pytest

from .faults import BEGIN, DAMAGE, FAULTS, PAGE, try_fault, undisturbed_tables

#: The faults of everyday tests; the tests of the store try others on a store alone, which takes less time.
EVERYDAY = (
    "killed (SIGKILL) at a random moment",
    "two runs at once on one store and into one folder",
    "a task does not end in time",
    "the clock goes back and forth",
    "the file is cut short",
    "the file belongs to another program",
    "the compiler fails",
)


@pytest.mark.parametrize(
    ("name", "tries"),
    [
        *((name, 1 + name.startswith("killed")) for name in EVERYDAY),
        *(pytest.param(name, 50, marks=pytest.mark.deep) for name in FAULTS),
    ],
)
def test_a_fault_loses_nothing_and_is_told_in_one_line(tmp_path, name, tries):
    found = try_fault(name, tries, undisturbed_tables(), tmp_path)
    assert (found.tries, found.wrong) == (tries, 0)
    assert found.lost == 0 or name in DAMAGE
    assert found.most_lines <= 1
    assert "\n" not in found.message


def test_the_page_has_the_result_of_every_fault():
    rows = [line.split(" | ") for line in PAGE.read_text().partition(BEGIN)[2].splitlines() if line.startswith("| ")]
    found = {row[0].removeprefix("| "): row[1:] for row in rows[1:]}
    assert list(found) == list(FAULTS)
    for name, (tries, _, lost, wrong, _) in found.items():
        assert int(tries) >= 10
        assert wrong == "0"
        assert lost == "0" or name in DAMAGE
