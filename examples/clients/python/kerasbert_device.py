"""Answers texts with a file that kerasbert wrote, on a device that has LiteRT and numpy alone.

    pip install ai-edge-litert numpy

The file comes from `kerasbert.export.to_tflite(task, "film.tflite", text=True)`. Copy this module beside it:

    model = Model("film.tflite")
    model.classify("what a good film!")  # {"negative": 0.02, "positive": 0.98}

All the work is in the file: tokens, windows over long texts, entities and answers. This module passes the
code points of a text, and reads places in it. From the command line:

    python kerasbert_device.py film.tflite "what a good film!"
"""

import json
import sys
import zipfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Model:
    """A file of kerasbert, opened.

    Args:
        path: str, the file.
        num_threads: int.

    Attributes:
        description: dict, what the file says of itself, such as its `kind` and its `labels`.
    """

    def __init__(self, path, num_threads=1):
        with zipfile.ZipFile(path) as archive:
            self.description = json.loads(archive.read("task.json"))
        self._interpreter = Interpreter(path, num_threads=num_threads)
        self._runners = {}

    def run(self, signature, **texts):
        """Runs a signature of the file.

        Args:
            signature: str, such as `"classify_text"`.
            **texts: for each input a str, or a list of str.

        Returns:
            dict of numpy arrays.
        """
        if signature not in self._runners:
            self._runners[signature] = self._interpreter.get_signature_runner(signature)
        return self._runners[signature](**{name: code_points(text) for name, text in texts.items()})

    def classify(self, text, second=None):
        """The probability of each label, of a text or of a pair of texts."""
        texts = {"code_points": text} | ({} if second is None else {"pair_code_points": second})
        answer = self.run("classify_text" if second is None else "classify_text_pair", **texts)
        values = answer[self.description["output"]][0].tolist()
        return dict(zip(self.description["labels"], values, strict=True))

    def embed(self, text):
        """The vector of a text, a numpy float32 array."""
        return self.run("embed_text", code_points=text)["embedding"][0]

    def tag(self, text):
        """The entities of a text: dicts of `text`, `type`, `start`, `end` and `score`."""
        answer = self.run("tag_text", code_points=text)
        columns = (answer[name][0].tolist() for name in ("start", "end", "type", "score"))
        return [
            {
                "text": text[start:end],
                "type": self.description["types"][kind],
                "start": start,
                "end": end,
                "score": score,
            }
            for start, end, kind, score in zip(*columns, strict=True)
        ]

    def answer(self, question, context):
        """The best answer in a context: a dict of `text`, `start`, `end`, `score` and `null_score`.

        The higher `null_score`, the more likely it is that the context has no answer.
        """
        answer = self.run("answer_text", code_points=question, pair_code_points=context)
        found = {name: answer[name].item() for name in ("start", "end", "score", "null_score")}
        return {"text": context[found["start"] : found["end"]]} | found

    def choose(self, text, choices):
        """The probability of each of several texts, a list of float."""
        answer = self.run("choose_text", code_points=text, pair_code_points=choices)
        return answer["probabilities"][0].tolist()

    def fill(self, text):
        """For each mask in a text a list of pairs, the best first: a token and its probability."""
        answer, vocabulary = self.run("fill_text", code_points=text), self.description["vocabulary"]
        masks = zip(answer["token_ids"][0].tolist(), answer["probabilities"][0].tolist(), strict=True)
        return [[(vocabulary[i], p) for i, p in zip(*mask, strict=True)] for mask in masks]

    def check(self):
        """Raises RuntimeError unless this processor gives the answers that the file says it should."""
        test = self.description["self_test"]
        inputs = {name: np.array(rows, np.int32) for name, rows in test["inputs"].items()}
        found = self._interpreter.get_signature_runner(test["signature"])(**inputs)
        for name, expected in test["outputs"].items():
            if not np.allclose(found[name], expected, atol=test["tolerance"]):
                raise RuntimeError(f"{name} is {found[name]}, and should be {expected}")


def code_points(text):
    """A text, or several, as what a file takes: int32 `(K, N)`, with zeros behind shorter texts."""
    texts = [text] if isinstance(text, str) else text
    rows = np.zeros((len(texts), max(map(len, texts))), np.int32)
    for row, one in zip(rows, texts, strict=True):
        row[: len(one)] = [*map(ord, one)]
    return rows


if __name__ == "__main__":
    path, *texts = sys.argv[1:]
    model = Model(path)
    model.check()
    kind = model.description["kind"]
    answer = model.choose(texts[0], texts[1:]) if kind == "choose" else getattr(model, kind)(*texts)
    print(json.dumps(np.asarray(answer).tolist() if kind == "embed" else answer, ensure_ascii=False))
