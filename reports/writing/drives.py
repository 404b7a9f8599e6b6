"""What kinds of drive are called in text: the same words in tables, sentences, panels and choices."""

from __future__ import annotations

from ...harness.stimuli import STIMULI


def called(stimulus: str) -> str:
    """Return the name of a kind of drive, with what explains it in brackets."""
    return (STIMULI[stimulus].called if stimulus in STIMULI else "") or stimulus.replace("_", " ")


def panel_name(stimulus: str) -> str:
    """Return the name of a kind of drive without its explanation: a panel has little room."""
    return called(stimulus).partition(" (")[0]


def regime_text(stimulus: str, level: str, horizon_ms: float) -> str:
    """Return the name of a panel or a row: kind of drive, level and horizon."""
    return f"{panel_name(stimulus)}, {level}, {horizon_ms / 1000:g} s"
