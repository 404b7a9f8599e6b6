"""Colours of models."""

from itertools import combinations

import numpy as np
import pytest

from spikecost.models.catalogue import MODELS
from spikecost.reports.figures.look import COLOURS, ON_DARK


def lab(colour):
    """CIELAB under D65 (IEC 61966-2-1; CIE 15)."""
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (to_xyz @ linear) / (0.9505, 1, 1.089)
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("colours", [COLOURS, ON_DARK])
def test_no_two_models_of_the_catalogue_look_alike(colours):
    assert len(colours) >= len(MODELS)
    # a difference of 2.3 is just noticeable (Mahy and others 1994)
    assert min(np.linalg.norm(lab(one) - lab(other)) for one, other in combinations(colours, 2)) > 20
