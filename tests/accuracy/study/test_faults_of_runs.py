"""What faults cost a run with a store: nothing that was committed, and one line."""

from __future__ import annotations

import pytest

from . import faults_of_commands
from .faults import BEGIN, DAMAGE, END, FAULTS, PAGE, try_fault, undisturbed_tables

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def folder_of_commands(tmp_path_factory):
    """One folder, so that the command runs undisturbed once for all faults."""
    return tmp_path_factory.mktemp("commands")


@pytest.mark.parametrize(
    ("name", "tries"),
    [
        (faults_of_commands.KILLED, 1),
        (faults_of_commands.NO_MEMORY, 1),
        *(pytest.param(name, 10, marks=pytest.mark.deep) for name in faults_of_commands.FAULTS),
    ],
)
def test_a_command_with_own_models_loses_nothing_and_goes_on(folder_of_commands, name, tries):
    if why := faults_of_commands.why_not(name):
        pytest.skip(why)
    found = faults_of_commands.try_fault(name, tries, folder_of_commands)
    assert (found.tries, found.wrong, found.lost) == (tries, 0, 0)
    assert found.most_lines <= 2  # that it was interrupted, and before what


@pytest.mark.parametrize(
    ("begin", "end", "faults", "least"),
    [(BEGIN, END, FAULTS, 10), (faults_of_commands.BEGIN, faults_of_commands.END, faults_of_commands.FAULTS, 3)],
)
def test_the_page_has_the_result_of_every_fault(begin, end, faults, least):
    table = PAGE.read_text().partition(begin)[2].partition(end)[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    found = {row[0].removeprefix("| "): row[1:] for row in rows[1:]}
    assert list(found) == list(faults)
    for name, (tries, _, lost, wrong, _) in found.items():
        assert int(tries) >= least
        assert wrong == "0"
        assert lost == "0" or name in DAMAGE
