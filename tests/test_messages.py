"""The check of messages (`messages.py`)."""

import pytest

from .messages import essentials, mentions, tells

LIKE = "dt = 1.0 is not a time; give a Brian2 quantity such as 0.1*ms"


def test_quoted_words_numbers_and_names_matter():
    assert essentials(LIKE) == ["1.0", "0.1*ms", "time"]
    assert essentials("unknown thing 'fisrt': did you mean 'first'?") == ["fisrt", "first", "unknown"]


@pytest.mark.parametrize("said", [LIKE, "a time was expected, got dt = 1.0; write it as 0.1*ms"])
def test_another_wording_is_as_good(said):
    assert tells(said, LIKE)


@pytest.mark.parametrize(
    "said",
    [
        "dt = 2.0 is not a time; give a Brian2 quantity such as 0.1*ms",  # what was given
        "dt = 1.0 is not a time, nor is 0.1*ms",  # what to do
        "dt = 1.0 is wrong; give a quantity such as 0.1*ms",  # what is expected
        "dt = 1.0 is not a time;\ngive a Brian2 quantity such as 0.1*ms",  # one line
        "spikecost: dt = 1.0 is not a time; give a Brian2 quantity such as 0.1*ms",
    ],
)
def test_what_is_missing_is_found(said):
    with pytest.raises(AssertionError):
        tells(said, LIKE)


def test_parts_in_order():
    assert mentions("2 of 3 figures hold", "2 of 3", "hold")
    for parts in (["3 of 2"], ["hold", "2 of 3"]):
        with pytest.raises(AssertionError):
            mentions("2 of 3 figures hold", *parts)
