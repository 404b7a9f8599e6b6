"""References: wall time per second of model time, computed twice, together with their stated error."""

from spikecost.accuracy.references.reference import reference
from spikecost.models.reading.by_name import get_model


def test_reference(benchmark, driven):
    name, stimulus = driven
    model = get_model(name)
    found = benchmark.pedantic(reference, (model, stimulus), rounds=3, warmup_rounds=1)
    assert len(found.train) > 0
    assert found.error < 1e-9
    benchmark.extra_info |= {"spikes": len(found.train), "stated error in ms": found.error, "method": found.method}
