"""A file with the pieces of SentencePiece answers in many languages, in a process with its runtime alone."""

import json
import subprocess
import sys

import numpy as np
import pytest
from piece_models import LINES, train

import kerasbert
from kerasbert import export

CLIENT = """
import json, sys
for name in ("tensorflow", "keras", "kerasbert", "sentencepiece"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
model = Interpreter(sys.argv[1])
embed = model.get_signature_runner("embed_text")
rows = [embed(code_points=np.array([[*map(ord, text)]], "int32")) for text in json.loads(sys.argv[2])]
print(json.dumps([row["embedding"][0].tolist() for row in rows]))
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
def test_texts_of_many_languages(config, tmp_path):
    pytest.importorskip("sentencepiece")
    tokenizer = kerasbert.SentencePieceTokenizer.from_file(train(tmp_path / "it"))
    sizes = {"vocabulary_size": tokenizer.vocabulary_size}
    wide = kerasbert.BertConfig.from_dict(config.to_dict() | sizes)
    embedder = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(wide), tokenizer)
    expected = embedder.predict(LINES, verbose=0)
    export.to_tflite(embedder, tmp_path / "it.tflite", "float32", text=True)
    command = [sys.executable, "-c", CLIENT, str(tmp_path / "it.tflite"), json.dumps(LINES)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-5)
    export.to_onnx(embedder, tmp_path / "it.onnx", text=True)
    found = export.open_artifact(tmp_path / "it.onnx").predict(LINES)
    np.testing.assert_allclose(found, expected, atol=1e-5)
