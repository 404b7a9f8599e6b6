"""Tables as JSON: every digit, and the text that Python's own encoder writes."""

import json

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from spikecost.reports.writing.records import listed, records

_values = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_infinity=False), st.text())


NAMES = ["a", "b", 'e"\n']


@given(st.lists(st.tuples(_values, st.text(max_size=3), _values), max_size=4))
def test_rows_are_written_as_the_library_writes_them(rows):
    kept = records(pd.DataFrame(rows, columns=NAMES, dtype=object))
    expected = [{n: None if v != v else v for n, v in zip(NAMES, row, strict=True)} for row in rows]
    assert repr(kept) == repr(expected)
    assert f'{{\n "a": {listed(kept)}\n}}' == json.dumps({"a": kept}, indent=1, ensure_ascii=False, allow_nan=False)


def test_columns_of_numpy_become_numbers_of_python():
    frame = pd.DataFrame({"n": [1, 2], "x": [0.1, np.nan], "yes": [True, False], "text": ["a", None]})
    found = records(frame)
    assert found == [{"n": 1, "x": 0.1, "yes": True, "text": "a"}, {"n": 2, "x": None, "yes": False, "text": None}]
    assert [type(value) for value in found[0].values()] == [int, float, bool, str]
