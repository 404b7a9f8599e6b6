"""A convention has a column of its own, so that no number of one is under the name of another."""

import pytest

from spikecost.flops.conventions import CONVENTIONS, Convention
from spikecost.flops.conventions.base import TAKEN
from spikecost.models.algebra.expression import KINDS
from spikecost.models.ground.errors import UserError
from spikecost.reports.tables import points, table

ENDING = "_per_ms"


def test_the_names_that_are_taken_are_those_of_columns():
    names = [*table.COLUMNS, *points.COLUMNS, *points._COUNTED]
    of_columns = {name.removesuffix(ENDING) for name in names if name.endswith(ENDING)}
    assert of_columns - set(CONVENTIONS) == set(TAKEN)


@pytest.mark.parametrize("name", TAKEN)
def test_no_convention_has_such_a_name(name):
    with pytest.raises(UserError, match=f"^convention '{name}': tables have a column {name}_per_ms of their own"):
        Convention(name, "as run", dict.fromkeys(KINDS, 1), "pJ", "made up")
