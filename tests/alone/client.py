"""The client of examples/clients/python, as a user copies it: CLIENTS FILE; a kind and rows as JSON."""

import json
import sys

sys.path.append(sys.argv[1])
from kerasbert_device import Model

kind, rows = json.load(sys.stdin)
model = Model(sys.argv[2])
model.check()
answers = [getattr(model, kind)(*row) for row in rows]
print(json.dumps([answer.tolist() if hasattr(answer, "tolist") else answer for answer in answers]))
