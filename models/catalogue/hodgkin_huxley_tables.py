"""Hodgkin and Huxley's squid axon with tabulated rates.

Checked in the same way as `hodgkin_huxley`. We chose the step of the tables.
"""

from brian2 import mV

from .hodgkin_huxley import HODGKIN_HUXLEY

# In 1 s at 100 Hz the error of the spike times is 0.078 ms times the square of the step in mV: 0.078 ms at NEURON's
# 1 mV, 0.0008 ms here, a tenth of the smallest tolerance of the default suite. Twelve tables of 2000 numbers, 192 kB
HODGKIN_HUXLEY_TABLES = HODGKIN_HUXLEY.tabulated(0.1 * mV).replace(
    description="Hodgkin-Huxley 1952 with tabulated rates (HHT), otherwise as hodgkin_huxley",
    source=f"{HODGKIN_HUXLEY.source}; tables as in Hines and Carnevale 2000, Neural Computation 12:995",
)
