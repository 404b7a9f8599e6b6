"""Limits of what is read from files of others."""

from __future__ import annotations

import json

import pytest

from spikecost.models.reading.data import read_json, read_toml


def nested(depth):
    """Return a number in lists, so many within each other."""
    return f"{'[' * depth}1{']' * depth}"


@pytest.mark.parametrize("within", ["list", "object"])
def test_json_is_nested_up_to_twelve_deep(within):
    def text(depth):
        return nested(depth) if within == "list" else '{"a":' * depth + "1" + "}" * depth

    assert read_json(text(12)) == json.loads(text(12))
    for depth in (13, 100, 100_000):
        with pytest.raises(ValueError, match="more than 12"):
            read_json(text(depth))


@pytest.mark.parametrize("text", [lambda n: f"a = {nested(n - 1)}", lambda n: f"[{'.'.join('a' * (n - 1))}]\nb = 1"])
def test_toml_is_nested_up_to_twelve_deep(text):
    read_toml(text(12))
    for depth in (13, 100):
        with pytest.raises(ValueError, match="more than 12"):
            read_toml(text(depth))
