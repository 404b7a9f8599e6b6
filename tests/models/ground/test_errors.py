"""A value, or why there is none."""

from __future__ import annotations

import pytest

from spikecost.models.ground.errors import NoValue, UserError, attempt


def test_a_value_is_returned_as_it_is():
    assert attempt(lambda: 3.5) == 3.5
    assert attempt(lambda: None) is None


@pytest.mark.parametrize(("error", "failed"), [(UserError("give two"), False), (ZeroDivisionError("1 / 0"), True)])
def test_a_mistake_of_the_user_is_told_from_a_failure_of_the_program(error, failed):
    def fails():
        raise error

    found = attempt(fails)
    assert isinstance(found, NoValue)
    assert found.failed is failed
    assert str(error) in str(found)


def test_what_ends_the_program_is_not_held_up():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(interrupted)
