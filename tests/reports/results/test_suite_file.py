import pytest

import spikecost as sc
from spikecost.accuracy.study.suite import QUICK, Suite
from spikecost.flops.conventions import CONVENTIONS
from spikecost.reports.results.suite_file import left_out, read_suite, suite_text

OWN = """
[convention.{name}]
counts = "as run"
unit = "pJ"
source = "made up"
weights = {{ add = 1, sub = 1, mul = 3, div = 10, sqrt = 12, exp = 40, pow = 60, compare = 1, select = 0, sign = 0 }}
"""


def write(tmp_path, text):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    return path


def test_what_is_given_changes_the_suite_and_the_rest_stays(tmp_path):
    suite = read_suite(
        write(
            tmp_path,
            """
        models = ["lif", "izhikevich:CH"]
        rates = [20, 50.0]
        tolerances = ["1ms", "100us"]
        horizons = ["0.5second"]
        criteria = ["gamma_2ms=0.05"]
        finest = "10us"
        thorough = false
    """,
        ),
        QUICK,
    )
    assert suite.models == ("lif", "izhikevich:CH")
    assert suite.rates == (20, 50)
    assert suite.tolerances == (1.0, 0.1)
    assert (suite.horizons, suite.finest, suite.thorough) == ((500,), 0.01, False)
    assert suite.methods == QUICK.methods
    assert suite.repeats == QUICK.repeats
    assert suite.criteria == (sc.Criterion("gamma_2ms", 0.05),)


def test_a_convention_of_ones_own_has_a_column(tmp_path):
    text = """
        models = ["izhikevich"]
        methods = ["euler"]
        detections = ["grid"]
        rates = [100]
        tolerances = ["2ms"]
        horizons = ["300ms"]
        trials = 1
        repeats = 1
        thorough = false
        features = false
        conventions = ["energy45nm", "own_energy"]
    """ + OWN.format(name="own_energy")
    suite = read_suite(write(tmp_path, text), Suite())
    assert [each.unit for each in suite.own_conventions] == ["pJ"]
    assert "own_energy" not in CONVENTIONS
    # nothing is registered: it can be read again and again
    assert read_suite(write(tmp_path, text), Suite()) == suite
    found = sc.compare(suite.models, suite=suite)
    assert found.run.about["conventions"]["own_energy"]["source"] == "made up"
    assert found.run.points["own_energy_per_ms"].notna().any()
    row = found.table.iloc[0]
    # 7 add and sub and 1 compare at 1, 7 mul at 3; a spike adds an addition; the last spike in 300 ms is not compared
    assert row["own_energy_per_ms"] == pytest.approx(29 / row["dt_ms"] + (row["spikes"] + 1) / 300)
    assert row["energy45nm_per_ms"] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = [", "is not TOML"),
        ("modles = []", r"unknown modles; did you mean 'models'\? known are coarsest, .* witnessed"),
        ("tolerances = [0.1]", r'tolerances = 0.1: give a time with its unit, such as "0.1ms"'),
        ('tolerances = ["0.1mV"]', "tolerances = '0.1mV': give a positive time with its unit"),
        ('rates = ["fast"]', "suite.toml: .*"),
        ("[convention.other]\ncounts = 'as run'", "no convention.other.unit"),
        (OWN.format(name="unit"), "the convention 'unit' exists already; choose another name"),
        (
            OWN.format(name="flops"),
            "convention 'flops': tables have a column flops_per_ms of their own; choose another",
        ),
        ('conventions = ["unit", "fma1", "unit"]', "conventions: unit is there twice; give it once"),
        (OWN.format(name="less").replace("exp = 40,", ""), "convention 'less': give a weight for each of add, "),
        ('criteria = ["gamma_2ms"]', "criterion 'gamma_2ms': write MEASURE=VALUE with a number"),
        ('criteria = ["gama=1"]', "unknown measure 'gama'"),
        ('conventions = ["joule"]', "unknown convention 'joule'"),
    ],
)
def test_bad_files_are_named(tmp_path, text, message):
    with pytest.raises(sc.UserError, match=message):
        read_suite(write(tmp_path, text), Suite())


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(sc.UserError, match=r"cannot read the suite .*none.toml: No such file"):
        read_suite(tmp_path / "none.toml", Suite())


def test_the_suite_of_a_run_can_be_run_again(small_folder, small_run):
    suite = small_run.about["suite"]
    assert (small_folder / "suite.toml").read_text() == suite_text(suite)
    again = read_suite(small_folder / "suite.toml", QUICK)
    assert again.models == ("lif", "izhikevich")
    assert (again.rates, again.tolerances, again.horizons) == ((50.0, 100.0), (1.0, 0.3), (200.0,))
    assert (again.measures, again.finest, again.thorough) == (("gamma_2ms",), 8e-4, False)


def test_what_a_quick_suite_leaves_out_is_said():
    said = left_out(Suite(), QUICK)
    assert "rates 10, 20 Hz; tolerances 0.01 ms; 12 of 20 stimuli of each kind" in said
    assert said.endswith("the twenty features and demos of Izhikevich 2004")
    assert left_out(QUICK, QUICK) != left_out(Suite(), Suite()) == ""
