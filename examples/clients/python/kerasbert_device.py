"""Answers texts with a file that kerasbert wrote, on a device that has numpy and one runtime alone.

    pip install ai-edge-litert numpy  # for film.tflite
    pip install onnxruntime numpy     # for film.onnx

The file comes from `kerasbert.export.to_tflite(task, "film.tflite", text=True)` or from
`to_onnx(task, "film.onnx", text=True)`. Copy this module beside it:

    model = Model("film.tflite")
    model.classify("what a good film!")  # {"negative": 0.02, "positive": 0.98}

All the work is in the file: tokens, windows over long texts, entities and answers. This module passes the
code points of a text, and reads places in it. From the command line:

    python kerasbert_device.py film.tflite "what a good film!"

Without a text it answers each line that it reads, with a tab between two texts.
"""

import json
import sys
import zipfile

import numpy as np


class Model:
    """A file of kerasbert, opened.

    Args:
        path: str, the file.
        num_threads: int.

    Attributes:
        description: dict, what the file says of itself, such as its `kind` and its `labels`.
    """

    def __init__(self, path, num_threads=1):
        self._file = (_OnnxFile if path.endswith(".onnx") else _LiteRTFile)(path, num_threads)
        self.description = json.loads(self._file.description)

    def run(self, signature, **texts):
        """Runs a signature of the file.

        Args:
            signature: str, such as `"classify_text"`.
            **texts: for each input a str, or a list of str.

        Returns:
            dict of numpy arrays.

        Raises:
            KeyError: if the file has no such signature. An ONNX file has one, for one text or for two.
        """
        if signature not in self.description["signatures"]:
            raise KeyError(f"The file has no {signature}, but {sorted(self.description['signatures'])}.")
        return self._file.run(signature, {name: code_points(text) for name, text in texts.items()})

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

    def summarize(self, sentences):
        """How probably each of several sentences belongs in a summary of them, a list of float; -1 for one
        without tokens."""
        return self.run("summarize_text", code_points=sentences)["score"][0].tolist()

    def check(self):
        """Raises RuntimeError unless this processor gives the answers that the file says it should."""
        test = self.description["self_test"]
        inputs = {name: np.array(rows, np.int32) for name, rows in test["inputs"].items()}
        found = self._file.run(test["signature"], inputs)
        for name, expected in test["outputs"].items():
            one, two = np.ravel(found[name]), np.ravel(expected)  # JSON has no shape for lists of nothing
            if len(one) != len(two) or not np.allclose(one, two, atol=test["tolerance"]):
                raise RuntimeError(f"{name} is {found[name]}, and should be {expected}")


class _LiteRTFile:
    """A `.tflite` file: several signatures, and its description in a ZIP archive behind the model."""

    def __init__(self, path, num_threads):
        from ai_edge_litert.interpreter import Interpreter

        with zipfile.ZipFile(path) as archive:
            self.description = archive.read("task.json")
        self._interpreter = Interpreter(path, num_threads=num_threads)
        self._runners = {}

    def run(self, signature, inputs):
        if signature not in self._runners:
            self._runners[signature] = self._interpreter.get_signature_runner(signature)
        return self._runners[signature](**inputs)


class _OnnxFile:
    """An `.onnx` file: one graph, and its description in the metadata."""

    def __init__(self, path, num_threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.description = self._session.get_modelmeta().custom_metadata_map["task.json"]
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, signature, inputs):
        # Tokens stand beside the answers, as `tokenize/token_ids`.
        prefix = f"{signature}/" if signature.startswith("tokenize") else ""
        names = [name for name in self._outputs if name.rpartition("/")[0] == prefix[:-1]]
        found = self._session.run(names, inputs)
        return {name.removeprefix(prefix): value for name, value in zip(names, found, strict=True)}


def code_points(text):
    """A text, or several, as what a file takes: int32 `(K, N)`, with zeros behind shorter texts."""
    texts = [text] if isinstance(text, str) else text
    rows = np.zeros((len(texts), max(map(len, texts))), np.int32)
    for row, one in zip(rows, texts, strict=True):
        row[: len(one)] = [*map(ord, one)]
    return rows


def utf16_place(text, place):
    """A place in code points as one in UTF-16 units, in which Java, Swift and JavaScript count.

    Args:
        text: str.
        place: int, such as the `start` or the `end` of an entity.

    Returns:
        int: one more for each character before it that is beyond U+FFFF, such as most emoji.
    """
    return place + sum(character > "\uffff" for character in text[:place])


def _json(model, texts):
    kind = model.description["kind"]
    texts = {"choose": [*texts[:1], texts[1:]], "summarize": [texts]}.get(kind, texts)
    answer = getattr(model, kind)(*texts)
    return json.dumps(answer.tolist() if kind == "embed" else answer, ensure_ascii=False)


if __name__ == "__main__":
    path, *texts = sys.argv[1:]
    model = Model(path)
    model.check()
    if texts:
        print(_json(model, texts))
    else:
        sys.stdin.reconfigure(encoding="utf-8", newline="\n")
        for line in sys.stdin:
            print(_json(model, line.removesuffix("\n").split("\t")))
