"""Hindmarsh and Rose's model.

Checked against Brian2's example Hindmarsh_Rose_1984, which redraws the paper's figure 6: the equations and all numbers
except r. There r is 0.001 (preset figure_6, with the third current of that figure), in later work 0.006 (preset usual).
We chose the drive at 0.006; no published count was found.
"""

from brian2 import ms

from ..definition.neuron import NeuronModel
from ..definition.parts.published_cost import PublishedCost

# the paper's x, y, z are named v, u, w, as in the paper of 2004; the unit of time is taken as 1 ms.
# Near I = 3.25 the model is chaotic and no reference is possible; at the drive below it fires regularly
HINDMARSH_ROSE = NeuronModel(
    name="hindmarsh_rose",
    description="Hindmarsh-Rose 1984, dimensionless, three variables",
    source="Hindmarsh and Rose 1984, Proc. R. Soc. Lond. B 221:87, with a = 1, b = 3, c = 1, d = 5, s = 4, x1 = -1.6; "
    "r = 0.006 in place of its 0.001 (preset figure_6); "
    "Izhikevich 2004, IEEE Trans. Neural Networks 15:1063, section III",
    equations="""
        dv/dt = (u - a*v**3 + b*v**2 + I - w)/ms : 1
        du/dt = (c - d*v**2 - u)/ms : 1
        dw/dt = r*(s*(v - v_1) - w)/ms : 1
        a : 1
        b : 1
        c : 1
        d : 1
        r : 1
        s : 1
        v_1 : 1
        I : 1
    """,
    threshold="v > 1",
    refractory="v > 1",
    parameters={"a": 1, "b": 3, "c": 1, "d": 5, "r": 0.006, "s": 4, "v_1": -1.6},
    presets={"usual": {"r": 0.006, "I": 4}, "figure_6": {"r": 0.001, "I": 4}},
    preset="usual",
    initial={"v": -1.6, "u": "c - d*v**2", "w": 0},
    drive=4,
    published_costs={
        "izhikevich2004": PublishedCost(
            30,
            0.25 * ms,
            {
                "a comparison to find the spike, not needed by a model without reset": 1,
                "we found no derivation of the published number (F, G and H are not specified)": -7,
            },
        )
    },
)
