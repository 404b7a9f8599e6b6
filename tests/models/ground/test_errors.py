"""A value, or why there is none."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from spikecost.models.ground.errors import (
    NoThreadError,
    NoValue,
    UserError,
    attempt,
    check_path,
    reason_of,
    short,
    whole_number,
)
from spikecost.models.reading.data import Misfit
from spikecost.reports.writing.files import CannotWrite


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


@pytest.mark.parametrize("error", [KeyboardInterrupt, NoThreadError])
def test_what_ends_the_program_is_not_held_up(error):
    def ended():
        raise error

    with pytest.raises(error):
        attempt(ended)


def test_what_a_message_is_about_is_not_cut_out_of_it():
    error = UserError("tau: it is 0", about="leaky")
    assert (str(error), error.without("leaky"), error.without("tau")) == (
        "leaky: tau: it is 0",
        "tau: it is 0",
        "leaky: tau: it is 0",
    )
    assert reason_of(error, "leaky") == error.said
    assert reason_of(UserError("leaky: it is 0"), "leaky") == "leaky: it is 0"


@pytest.mark.parametrize(
    "error",
    [
        UserError("it is 0", about="leaky"),
        Misfit("tau = 0: give more", ("presets", "fast"), about="a.toml"),
        CannotWrite("cannot write it", "give another"),
    ],
)
def test_an_error_comes_back_from_another_process_as_it_was(error):
    error.place = ("reset", 2)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("given", ["v = c\nu = d", "v = c\r\n  u = d", "\tv = c\x0b u = d\n", "v = c\u2028u = d"])
def test_a_quoted_text_is_on_one_line(given):
    assert short(given) == "v = c u = d"


def test_a_long_quoted_text_is_cut():
    assert short("abc " * 100, most=10) == "abc abc ab..."


def test_a_whole_number_may_be_one_of_numpy():
    for given in (2, np.int64(2), np.uint8(2)):
        assert whole_number(given, "trials", "2") == 2
        assert type(whole_number(given, "trials", "2")) is int
    for given in (2.0, np.float64(2), True, np.True_, "2", None, np.array([2])):
        with pytest.raises(UserError, match=r"^trials = .*: give a number of them$"):
            whole_number(given, "trials", "a number of them")


def test_a_path_is_text_or_a_path():
    for given in ("a", Path("a")):
        check_path(given, "folder", "a folder")
    for given in ("", 5, b"a", None, ["a"]):
        with pytest.raises(UserError, match=r"^folder = .*: give a folder$"):
            check_path(given, "folder", "a folder")
