"""Names that have a meaning in Brian2 are refused, in Python and in TOML."""

import brian2
import pytest
from brian2 import ms
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS

import spikecost as sc
from spikecost.models.definition.language.names import OF_GROUPS, check_name

OWN = sorted({*DEFAULT_CONSTANTS, *DEFAULT_FUNCTIONS, *DEFAULT_UNITS, *OF_GROUPS, "xi_1", "lambda", "None", "_v", "3k"})


def test_brian2s_own_variables_are_all_known():
    group = brian2.NeuronGroup(
        1, "dv/dt = -v/ms : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=1 * ms
    )
    assert {name for name in group.variables if not name.startswith("_")} - {"v"} <= OF_GROUPS


def test_no_name_of_brian2s():
    for name in OWN:  # more than a thousand: one test each would take longer than what is tested
        with pytest.raises(sc.UserError, match=r"choose another name|a letter first"):
            check_name(name, "mine: the constant")


@pytest.mark.parametrize("name", ["k", "E", "Inf", "n", "tau_m", "vT", "T", "last_spike"])
def test_other_names_are_free(name):
    check_name(name, "mine: the constant")


@pytest.mark.parametrize("name", ["e", "pi", "inf", "N", "i", "t", "dt", "lastspike", "t_in_timesteps", "xi", "mV"])
def test_as_constant_parameter_or_variable(name, tmp_path):
    def model(equations, **more):
        return sc.NeuronModel(
            name="mine", equations=f"{equations}\nI : 1", threshold="v > 1", reset="v = 0", initial={"v": 0}, **more
        )

    with pytest.raises(sc.UserError, match=f"'{name}'"):
        model(f"dv/dt = (I - v + {name})/(10*ms) : 1", constants={name: 5})
    with pytest.raises(sc.UserError, match=f"'{name}'"):
        model(f"dv/dt = (I - v)/(10*ms) : 1\n{name} : 1", parameters={name: 5})
    with pytest.raises(sc.UserError, match=f"'{name}'"):
        model(f"dv/dt = (I - v)/(10*ms) : 1\n{name} = 2*v : 1")
    path = tmp_path / "mine.toml"
    path.write_text(
        "equations = '''\ndv/dt = (I - v)/(10*ms) : 1\nI : 1\n'''\nthreshold = 'v > 1'\nreset = 'v = 0'\n"
        f"constants = {{ {name} = 5 }}\ninitial = {{ v = 0 }}\n"
    )
    with pytest.raises(sc.UserError, match=f"'{name}'"):
        sc.get_model(str(path))


def test_a_group_may_use_brian2s_constants():
    group = brian2.NeuronGroup(1, "dv/dt = (I - v + 0.1*e*pi)/(10*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0")
    model = sc.from_brian2(group, namespace={"e": 5.0})
    assert model.constants == {}
    assert len(sc.simulate(model, sc.constant(2, 50 * ms), 0.1 * ms))
