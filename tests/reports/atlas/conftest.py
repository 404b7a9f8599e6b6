"""A small atlas: one model, one drive, two methods, made by the tests."""

import pytest

from spikecost.reports.atlas import making
from spikecost.reports.atlas.plan import Part

#: What the small atlas has.
PARTS = (Part("lif", "constant", 50.0), Part("lif", "constant", 100.0))
METHODS = ("euler", "exact")


@pytest.fixture(scope="session")
def small_atlas(tmp_path_factory):
    """Return the folder of its data, and what making it returned."""
    folder = tmp_path_factory.mktemp("atlas")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "parts", lambda *_: list(PARTS))
        patch.setattr(making, "methods", lambda: METHODS)
        made = making.make(folder=folder, store="off")
    return folder, made
