"""Noise in a model file."""

from brian2 import ms

from spikecost.models.reading.by_name import get_model

TEXT = """
equations = '''
dx/dt = -x/(10*ms) + x*xi/ms**0.5 + randn()/ms : 1
'''
threshold = "x > 1"
reset = "x = 0"
initial = {{ x = 0 }}
input = ""
{more}
"""


def test_a_file_gives_the_interpretation_and_the_sampling_step(tmp_path):
    path = tmp_path / "noisy.toml"
    path.write_text(TEXT.format(more='interpretation = "ito"\nsampling = "0.5*ms"'))
    model = get_model(str(path))
    assert (model.interpretation, model.sampling) == ("ito", 0.5 * ms)
    assert list(model.system.random.values()) == ["xi", "randn"]
    path.write_text(TEXT.format(more=""))
    assert get_model(str(path)).interpretation == "stratonovich"
