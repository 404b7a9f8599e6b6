"""NEST's izhikevich, many neurons at once, each with its own parameters and current; one run per time step."""

import json
import sys

import nest

nest.verbosity = nest.VerbosityLevel.ERROR


def simulated(question):
    nest.ResetKernel()
    dt = question["dt"]
    nest.resolution = dt
    recorders = []
    for case in question["neurons"]:
        neuron = nest.Create(
            "izhikevich",
            params={
                **case["parameters"],
                "V_m": case["v"],
                "U_m": case["u"],
                "V_th": 30.0,
                "I_e": case["constant"],
                "consistent_integration": case["consistent_integration"],
            },
        )
        recorder = nest.Create("spike_recorder")
        nest.Connect(neuron, recorder, syn_spec={"delay": dt})
        recorders.append(recorder)
        if case["from"]:
            generator = nest.Create(
                "step_current_generator", params={"amplitude_times": case["from"], "amplitude_values": case["values"]}
            )
            nest.Connect(generator, neuron, syn_spec={"delay": dt})
    nest.Simulate(question["horizon"])
    return [recorder.get("events", "times").tolist() for recorder in recorders]


json.dump([simulated(run) for run in json.load(sys.stdin)], sys.stdout)
