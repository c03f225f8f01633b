"""The graph of an ONNX file that takes text: from code points to answers."""

from kerasbert import checks
from kerasbert.export.text_graphs import BY_ENDPOINT, TOKENIZERS, answers_to, check_takes_texts
from kerasbert.export.text_graphs.tokenize import packed, tokenizer_of

# Outputs of the tokenizer stand beside the answers, under the name that its signature has in a TFLite file.
SEPARATOR = "/"


def text_function(task, pairs):
    """The graph of a file: ONNX has one, so it takes one text or two, and returns tokens beside answers.

    Args:
        task: a kerasbert task.
        pairs: bool, whether a task that takes one text or two takes two.

    Returns:
        The name of the signature that it stands for; a graph function of code points that returns a dict; and
        its input signature.

    Raises:
        ValueError: if a file of this task cannot take text, or no pairs.
    """
    check_takes_texts(task, "to_onnx")
    tokenizer = _Once(tokenizer_of(task))
    functions = BY_ENDPOINT[task.endpoint].signatures(task, tokenizer, answers_to(task.answer_tokens))
    name = f"{task.endpoint}_text" + "_pair" * pairs
    if name not in functions:
        raise checks.invalid(
            "`pairs` is for tasks that answer one text or two: classifiers and embedders.",
            fix="Leave it out; other tasks take what their `predict` takes.",
            where="to_onnx",
            endpoint=task.endpoint,
            pairs=pairs,
        )
    answers, specs = functions[name]
    tokenize = list(TOKENIZERS)[len(specs) - 1]

    def function(*texts):
        # First, so that loops find the tokens made around them. Of several rows, sentences or choices, the
        # first is tokenized.
        rows = [text if spec.shape[0] == 1 else text[:1] for text, spec in zip(texts, specs, strict=True)]
        tokens = packed(task, tokenizer, *rows)
        del tokens["truncated"]
        found = answers(*texts)
        return found | {f"{tokenize}{SEPARATOR}{name}": value for name, value in tokens.items()}

    return name, function, specs


def signatures_of(name, inputs, outputs):
    """The signatures that a graph stands for, as a TFLite file would have them.

    Args:
        name: str, the graph's name.
        inputs, outputs: sequences of str, the graph's.

    Returns:
        dict, signature -> {"inputs": names, "outputs": names}.
    """
    found = {}
    for output in outputs:
        signature, _, short = output.partition(SEPARATOR)
        if signature not in TOKENIZERS:
            signature, short = name, output
        names = found.setdefault(signature, {"inputs": sorted(inputs), "outputs": []})
        names["outputs"] = sorted([*names["outputs"], short])
    return found


class _Once:
    """A tokenizer that tokenizes each text once, however often a graph asks."""

    def __init__(self, tokenizer):
        self._tokenizer, self._done = tokenizer, {}
        self.join, self.joined_length = tokenizer.join, tokenizer.joined_length

    def tokenize(self, code_points):
        key = code_points.ref()
        if key not in self._done:
            self._done[key] = self._tokenizer.tokenize(code_points)
        return self._done[key]
