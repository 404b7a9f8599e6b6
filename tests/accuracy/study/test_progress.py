"""The order in which pieces of work are done: the first tenth tells how long all of them take."""

from itertools import product

import pytest

from spikecost.accuracy.study.phases.progress import spread

#: Times of a sweep that were measured: how much longer a curve takes by model, by method and by detection.
MODELS, METHODS, DETECTIONS = (1, 2, 25), (1, 2, 2, 4, 0, 0, 1, 2, 3, 0, 6, 1, 0, 9), (1, 1.5, 1.5, 0)


@pytest.mark.parametrize("pieces", [0, 1, 2, 13, 612])
def test_every_piece_is_done_once(pieces):
    assert sorted(spread([i % 5 for i in range(pieces)])) == list(range(pieces))
    assert sorted(spread([i % 5 for i in range(pieces)], [i // 3 for i in range(pieces)])) == list(range(pieces))


@pytest.mark.parametrize("rates", [3, 4, 8, 20])
def test_the_first_tenth_tells_the_rest(rates):
    """Although the guess knows neither the detection nor that higher rates take longer."""
    places = list(product(MODELS, range(1, rates + 1), METHODS, DETECTIONS))
    times = [model * (1 + rate / 5) * method * detection for model, rate, method, detection in places]
    order = spread([model * method for model, _, method, _ in places])
    first = len(times) // 10
    estimate = sum(times[i] for i in order[:first]) / first * len(times)
    assert estimate == pytest.approx(sum(times), rel=0.3)
    assert sum(times[:first]) / first * len(times) != pytest.approx(sum(times), rel=0.3)  # in the suite's order


def test_the_first_tenth_tells_the_rest_if_detections_share_work():
    """Of the curves of a model and method, the first does the work of all."""
    curves = list(product(MODELS, range(4), METHODS))
    keys = [i // 3 for i in range(3 * len(curves))]
    times = [curves[key][0] * curves[key][2] for key in keys]
    done: set[int] = set()
    order = []
    for i in spread(times, keys):
        order.append(0 if keys[i] in done else times[i])
        done.add(keys[i])
    for part in (10, 5, 3, 2):
        first = len(order) // part
        assert sum(order[:first]) / first * (len(order) - first) == pytest.approx(sum(order[first:]), rel=0.3)


def test_those_that_share_work_do_not_wait_for_each_other():
    keys = [i // 3 for i in range(300)]
    order = spread([i % 7 for i in range(300)], keys)
    at = {place: n for n, place in enumerate(order)}
    assert all(at[i + 1] - at[i] >= 4 for i in range(0, 240, 3))
