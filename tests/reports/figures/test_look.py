"""Colours of models."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from spikecost.models.catalogue import MODELS
from spikecost.reports.figures.look import COLOURS, ON_DARK


def xyz(colour):
    """CIE XYZ of a colour in sRGB (IEC 61966-2-1)."""
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear


def lab(colour):
    """CIELAB under D65 (CIE 15)."""
    x, y, z = xyz(colour) / (0.9505, 1, 1.089)
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("colours", [COLOURS, ON_DARK])
def test_no_two_models_of_the_catalogue_look_alike(colours):
    assert len(colours) >= len(MODELS)
    # a difference of 2.3 is just noticeable (Mahy and others 1994)
    assert min(np.linalg.norm(lab(one) - lab(other)) for one, other in combinations(colours, 2)) > 20


def test_colours_are_seen_on_a_dark_page():
    style = files("spikecost.reports.page").joinpath("browser", "style.css").read_text()
    page = re.search(r"prefers-color-scheme: dark.*?--page: (#\w{6})", style, re.DOTALL)[1]
    # WCAG 2.2, 1.4.11: graphics have a contrast of at least 3
    assert min((xyz(colour)[1] + 0.05) / (xyz(page)[1] + 0.05) for colour in ON_DARK) >= 3
