"""NESTML: write a model as C++ for the NEST that is installed, without compiling it."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from pynestml.codegeneration.nest_builder import NESTBuilder
from pynestml.codegeneration.nest_tools import NESTTools
from pynestml.frontend.pynestml_frontend import generate_target

question = json.load(sys.stdin)
folder = Path(question["folder"])
(folder / "model.nestml").write_text(question["text"], "utf-8")
installed = f"v{version('nest-simulator')}"
# it would start NEST to ask for its version, and a program of NEST for paths, which are those of the build machine
NESTTools.detect_nest_version = classmethod(lambda _: installed)
NESTBuilder.build = lambda _: None
generate_target(
    input_path=[str(folder / "model.nestml")],
    target_platform="NEST",
    target_path=str(folder / "made"),
    logging_level="ERROR",
    module_name=question["module"],
    codegen_opts={"nest_version": installed},
)
made = sorted(path for path in (folder / "made").iterdir() if path.suffix in (".cpp", ".h"))
with open(question["answer"], "w", encoding="utf-8") as file:
    json.dump({"sources": {path.name: path.read_text("utf-8") for path in made}}, file)
