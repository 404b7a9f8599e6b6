"""The planted bugs of ``tox -e mutants``: the code that they change exists."""

from .mutants import MUTANTS, is_outdated


def test_every_bug_can_be_planted():
    assert not [(mutant.file, mutant.old) for mutant in MUTANTS if is_outdated(mutant)]
