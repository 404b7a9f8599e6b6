"""What noise means to a method of fixed steps.

Within a step, the Brownian path is a straight line: noise is an input that is constant over a step, the increment of
the path divided by dt. A method that is written for deterministic equations then integrates noisy ones, too.

- If no factor of the noise depends on the state, every method is of strong order 1 at most: no method can know what the
  path does within a step.
- If one does, the solutions along straight lines tend to Stratonovich's solution (Wong and Zakai 1965, Ann. Math. Stat.
  36:1560), if the method has an order of at least 2: a step of the path is of the size of the root of dt. Forward Euler
  tends to Ito's solution. Other methods are not used: they freeze some variables over the step.
"""

from __future__ import annotations

from ...definition.neuron import NeuronModel

#: The parts of a run in which every step draws one number for each source of noise.
EVERY_STEP = ("step", "refractory step", "refractory end")
#: The part of a run that is a new sampling step of ``randn()`` and ``rand()``.
HELD = "sampling step"

#: What a method that solves both interpretations says.
BOTH = "both"


def why_not(model: NeuronModel, interpretation: str) -> str:
    """Return why a method cannot integrate the noise of a model; empty if it can.

    Parameters
    ----------
    model : NeuronModel
    interpretation : str
        The one that the method solves; empty if it solves none.
    """
    variable = model.system.depends_on_noise
    if not variable or interpretation in (model.interpretation, BOTH):
        return ""
    wanted = model.interpretation.capitalize()
    solves = f"it solves {interpretation.capitalize()}'s" if interpretation else "it has no stochastic form for that"
    return f"the factor of the noise in d{variable}/dt depends on the state, in {wanted}'s interpretation, and {solves}"
