"""The times that the command line is given."""

import re

import pytest

from spikecost import cli
from spikecost.models.definition.language import units


@pytest.mark.parametrize("action", ["make", "check"])
def test_the_time_that_the_help_names_is_read(action, capsys):
    with pytest.raises(SystemExit):
        cli.main(["atlas", action, "--help"])
    (example,) = re.findall(r"--for TIME\s\s.*?such\s+as\s+(\w+)", capsys.readouterr().out, re.DOTALL)
    assert float(units.in_ms(units.parse_quantity(example), "--for")) >= 60_000
