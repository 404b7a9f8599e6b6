"""FitzHugh and Nagumo's model.

a = 0.7 and b = 0.8 are from FitzHugh; with his c = 3 the factor of the recovery would be 1/9. The usual 1/12.5 is
checked against the models in brainpy/analysis of brainpy/BrainPy. The resting point does not depend on this factor; it
is FitzHugh's, and tested. We chose the drive; no published count was found.
"""

from fractions import Fraction

from brian2 import ms

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# FitzHugh's x' = x - x**3/3 - w + I, w' = 0.08 (x + 0.7 - 0.8 w), the form of Nagumo, Arimoto and Yoshizawa, with
# u = w - 0.875: w' = 0.064 (1.25 x - u), and -0.875 goes into a. The paper's e is named `slope`:
# in Brian2 e is a number. The unit of time is taken as 1 ms
FITZHUGH_NAGUMO = NeuronModel(
    name="fitzhugh_nagumo",
    description="FitzHugh-Nagumo, dimensionless, v with a cubic term and a linear recovery u",
    source="Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III; "
    "a = 0.7 and b = 0.8 of FitzHugh 1961, Biophys. J. 1:445, and 0.08",
    equations="""
        dv/dt = (a + b*v + c*v**2 + d*v**3 - u + I)/ms : 1
        du/dt = epsilon*(slope*v - u)/ms : 1
        a : 1
        b : 1
        c : 1
        d : 1
        slope : 1
        epsilon : 1
        I : 1
    """,
    threshold="v > 1",
    refractory="v > 1",
    parameters={"a": -0.875, "b": 1, "c": 0, "d": float(Fraction(-1, 3)), "slope": 1.25, "epsilon": 0.064},
    initial={"v": -1.2, "u": "slope*v"},
    drive=0.6,
    published_costs={
        "izhikevich2004": PublishedCost(
            18, 0.25 * ms, {"a comparison to find the spike, not needed by a model without reset": 1}
        )
    },
)
