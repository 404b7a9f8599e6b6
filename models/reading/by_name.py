"""A model by its name, its preset or its file: what every command and function takes for a model."""

from __future__ import annotations

from ..catalogue import MODELS
from ..definition.neuron import NeuronModel
from ..ground.errors import UserError, quoted
from ..ground.named_files import is_file
from .files import model_from_file


def get_model(
    model: str | NeuronModel,
    input: str | None = None,  # noqa: A002 - as NeuronModel's
    synapses: str | None = None,
) -> NeuronModel:
    """Return a model given as an object, by name, by name and preset (``izhikevich:CH``), or by its file.

    Files are ``path.py:name`` and ``path.toml``; see `files`. For a Brian2 group in a file, `input` is the parameter
    or constant that the stimulus drives, and `synapses` says what becomes of synapses; see `from_brian2`.

    Raises
    ------
    UserError
        If there is no such model or preset, or the model has another input.
    """
    if isinstance(model, str) and is_file(model):
        return model_from_file(model, input, synapses)
    if isinstance(model, NeuronModel) and input in (None, model.input) and synapses is None:
        return model
    for option, given in (("input", input), ("synapses", synapses)):
        if given is not None:
            raise UserError(
                f"{model}: {option} = {quoted(given)} can only be given for a Brian2 group in a file, as model.py:name"
            )
    if not isinstance(model, str):
        raise UserError(f"expected a model's name or a NeuronModel, got {quoted(model)}")
    name, _, preset = model.partition(":")
    if name not in MODELS and any(mark in name for mark in "./\\"):
        raise UserError(
            f"unknown model '{model}': give a model's file as model.py:name or model.toml, "
            "a model of the catalogue by its name"
        )
    return MODELS[name].with_preset(preset) if preset else MODELS[name]
