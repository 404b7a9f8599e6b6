"""What Python users meet: names that can be completed, short representations, and messages about wrong arguments."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV

import spikecost as sc
from spikecost.models.ground.errors import UserError
from spikecost.reports.figures.portrait import portrait

DRIVE = sc.constant(10 * mV / ms, 50 * ms)


def test_completion_lists_the_public_names_and_nothing_else():
    assert dir(sc) == sorted(sc.__all__)
    assert all(hasattr(sc, name) for name in dir(sc))


@pytest.mark.parametrize(
    "thing",
    [
        sc.MODELS,
        sc.METHODS,
        sc.METHODS["rk4"],
        sc.METHODS["dormand_prince"],
        sc.CONVENTIONS["unit"],
        sc.QUICK,
        sc.Suite(models=tuple(sc.MODELS)),
        sc.FEATURES,
        sc.get_model("hodgkin_huxley"),
        sc.count("hodgkin_huxley", "rk4", "hermite"),
        sc.count("hodgkin_huxley", "dormand_prince", "dense"),
        sc.make_step("hodgkin_huxley", "rk4", "hermite"),
        sc.ornstein_uhlenbeck(1 * mV, 1 * mV, 5 * ms, 1 * ms, 1000 * ms, seed=0),
        sc.reference("lif", sc.constant(2 * mV / ms, 1000 * ms)),
        sc.DETECTIONS,
        sc.NUMBER_FORMATS,
        sc.STIMULI,
        sc.CONVENTIONS,
        sc.STANDARD,
        sc.SpikeTrain(np.arange(1000.0), 1000.0),
        sc.spike_time_error(sc.SpikeTrain([1.0], 2.0), sc.SpikeTrain([1.0], 2.0)),
        sc.Criterion("maximum", 0.1),
        sc.poisson_train(1000 * Hz, 1000 * ms),
        sc.UserError("a message"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_representation_is_one_short_line_without_an_address(thing):
    assert len(repr(thing)) < 600
    assert "\n" not in repr(thing)
    assert " at 0x" not in repr(thing)


def test_a_count_names_its_operations():
    assert (
        repr(sc.count("lif", "euler")) == "<Count lif, euler, grid detection: 2 add, 1 sub, 2 mul, 1 compare per step>"
    )


@pytest.mark.parametrize("method", ["euler", "dormand_prince"])
def test_every_count_is_shown_in_notebooks(method):
    shown = sc.count("lif", method, "grid" if method == "euler" else "dense")._repr_html_()
    assert "lif" in shown
    assert "mul" in shown


def test_a_figure_shows_itself():
    drawing = portrait(sc.get_model("izhikevich"))
    assert drawing._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: sc.features("izhikevich"), "models = 'izhikevich'"),
        (lambda: sc.compare("lif", 0.1 * ms), "models = 'lif'"),
        (lambda: sc.compare(["lif"], 0.1), "tolerance = 0.1"),
        (lambda: sc.compare(["lif"], 0.1 * ms, rates=50), "rates = 50"),
        (lambda: sc.compare(["lif"], 0.1 * ms, rates=50 * Hz), "rates = 50 Hz"),
        (lambda: sc.compare(["lif"], 0.1 * ms, rates=[50 * ms]), "rate given in ms"),
        (lambda: sc.compare(["lif"], 0.1 * ms, methods="euler"), "methods = 'euler'"),
        (lambda: sc.compare(["lif"], 0.1 * ms, detections="grid"), "detections = 'grid'"),
        (lambda: sc.compare(["lif"], 0.1 * ms, suite="quick"), "suite = 'quick'"),
        (lambda: sc.recommend(20 * Hz, 0.1 * ms, features="tonic_bursting"), "features = 'tonic_bursting'"),
        (lambda: sc.recommend(20 * Hz, 0.1 * ms, run="report"), "run = 'report'"),
        (lambda: sc.recommend(20 * Hz, 0.1 * ms, engine="genn"), "unknown engine 'genn'"),
        (lambda: sc.compare(["lif"], 0.1 * ms, rates=[50], jobs="two"), "jobs = 'two'"),
        (lambda: sc.compare(["lif"], 0.1 * ms, rates=[50], jobs=0), "jobs = 0"),
        (lambda: sc.recommend("20Hz", 0.1 * ms), "rate: expected a number or Brian2 quantity, got '20Hz'"),
        (lambda: sc.recommend(20 * Hz, 0.1 * ms, seed="x"), "seed = 'x'"),
        (lambda: sc.recommend(20 * Hz, 0.1 * ms, atlas="constnt"), "did you mean 'constant'"),
        (lambda: sc.atlas(stimulus="constnt"), "no drive 'constnt': did you mean 'constant'"),
        (lambda: sc.atlas(precision="singel"), "no precision 'singel': did you mean 'single'?"),
        (lambda: sc.atlas(precision=32), "precision = 32: give a number format of the atlas, such as 'double'"),
        (lambda: sc.atlas(level="20"), "no level '20': did you mean '20 Hz'? known are "),
        (lambda: sc.RunFolder.read(3), "folder = 3"),
        (lambda: sc.count("lif", 3), "method = 3"),
        (lambda: sc.count("lif", "rk4", None), "detection = None"),
        (lambda: sc.count("lif", "rk4").flops_per_step(3), "convention = 3"),
        (lambda: sc.simulate("lif", 10, 0.1 * ms), "stimulus = 10"),
        (lambda: sc.simulate("lif", DRIVE, 0.1), "dt = 0.1"),
        (lambda: sc.reference("lif", 10), "stimulus = 10"),
        (lambda: sc.reference(3, DRIVE), "got 3"),
        (lambda: sc.spike_time_error(np.array([1.0]), sc.SpikeTrain([1.0], 2.0)), "train = array([1.])"),
    ],
)
def test_a_wrong_kind_of_argument_is_named_in_one_line(call, named):
    with pytest.raises(UserError) as error:
        call()
    assert named in str(error.value)
    assert "\n" not in str(error.value)
