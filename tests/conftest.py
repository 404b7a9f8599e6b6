"""What tests in several folders share."""

from __future__ import annotations

import pytest
from hypothesis import settings
from spikecost.models.catalogue import MODELS
from spikecost.models.detection import DETECTIONS
from spikecost.models.methods import METHODS
from spikecost.models.step import applies

# the same examples on every machine and every day: a failure is one that can be looked at again
settings.register_profile("spikecost", derandomize=True, deadline=None, database=None)
settings.load_profile("spikecost")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `combination` for every (model, method, detection) that is registered and applies."""
    if "combination" in metafunc.fixturenames:
        found = [
            (model, method, detection)
            for model in MODELS for method in METHODS for detection in DETECTIONS
            if not applies(MODELS[model], method)
        ]
        metafunc.parametrize("combination", found, ids=["-".join(names) for names in found])
