"""Brian2: identical neurons of a model as it was written, run with each of several time steps."""

import base64
import json
import sys

from spikecost.harness.engines.brian2_engine import answered

question = json.load(sys.stdin)
answer = answered(base64.b64decode(question["given"]), question["folder"])
with open(question["answer"], "w", encoding="utf-8") as file:
    json.dump(answer, file)
