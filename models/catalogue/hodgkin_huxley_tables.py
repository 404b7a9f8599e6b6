"""Hodgkin and Huxley's squid axon with tabulated rates.

Checked as `hodgkin_huxley` is. The step of the tables is ours.
"""

from brian2 import mV

from .hodgkin_huxley import HODGKIN_HUXLEY

# the spike times of 1 s at 100 Hz are off by 0.078 ms times the square of the step in mV: at NEURON's 1 mV by 0.078 ms,
# here by 0.0008 ms, a tenth of the tightest tolerance of the default suite; twelve tables of 2000 numbers, 192 kB
HODGKIN_HUXLEY_TABLES = HODGKIN_HUXLEY.tabulated(0.1 * mV).replace(
    description="Hodgkin-Huxley 1952 with tabulated rates (HHT), otherwise as hodgkin_huxley",
    source=f"{HODGKIN_HUXLEY.source}; tables as in Hines and Carnevale 2000, Neural Computation 12:995",
)
