"""Files that take text: they are proven with texts, and say what they are."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.export.artifact import Artifact
from kerasbert.export.description import EXACT, QUANTIZED, add_description
from kerasbert.export.differences import VerificationError
from kerasbert.export.text_graphs import BY_ENDPOINT, description

SELF_TEST = "The film wasn't bad: ÉTÉ ΟΔΟΣ 電影 42%!"
TEXTS = (
    SELF_TEST,
    "",
    "a\0b",
    "[MASK] ##s",
    "a" * 300,
    "é" * 600,
    "\u1e9e Σ\u0301 ΑΣ\u200d.",
    "電影😀 各\ud7fb",
)
PAIRS = ((SELF_TEST, "a pair"), ("", ""), ("a " * 600, "b"))


def check_tokens(task, runner, texts):
    """Compares the tokens of a file's tokenizer with those of the task.

    Args:
        task: a kerasbert task.
        runner: `TextRunner`.
        texts: sequence of str, or of pairs of str.

    Raises:
        VerificationError: if any differ.
    """
    tokenizer = task.mask_tokenizer("verify") if task.endpoint == "fill" else task.tokenizer
    for text in texts:
        text = (text,) if isinstance(text, str) else tuple(text)
        if "tokenize" not in runner.signatures:  # ONNX has one graph, of one text or of two
            text = (*text, "")[:2]
        elif "tokenize_pair" not in runner.signatures:
            text = text[:1]
        expected, found = tokenizer(*text, max_length=task.max_sequence_length), runner.tokenize(*text)
        for name, row in expected.items():
            if row.numpy().tolist() != found[name][0].tolist():
                padded = any(part.endswith("\0") for part in text)
                raise checks.invalid(
                    "The tokens of the file must be those of the task's tokenizer."
                    + " A file takes U+0000 at the end of a text for padding." * padded,
                    fix="Leave it out: text.rstrip('\\0')."
                    if padded
                    else "Use the versions of TensorFlow and LiteRT that setup.cfg names. If you already do, "
                    "please report this error.",
                    kind=VerificationError,
                    text=text,
                    expected=row.numpy().tolist(),
                    found=found[name][0].tolist(),
                )


def texts_in(columns):
    """All texts in what `predict` takes, each alone, and the pairs among them, for `check_tokens`.

    Args:
        columns: list of columns, each a list of str, or of lists of them.
    """
    alone = [
        text for column in columns for row in column for text in ([row] if isinstance(row, str) else row)
    ]
    pairs = [row for row in zip(*columns, strict=True) if len(row) == 2 and isinstance(row[1], str)]
    return [*alone, *pairs]


def finish_text_file(task, artifact, runner):
    """Compares the tokens of some texts, and appends what the file says of itself.

    Args:
        task: the kerasbert task that was exported.
        artifact: `Artifact` of the file.
        runner: `TextRunner` of the file.

    Returns:
        `Artifact`, of the file as it is then.

    Raises:
        VerificationError: if any tokens differ.
    """
    check_tokens(task, runner, [*TEXTS, *PAIRS])
    content = description(task) | {
        "vocabulary_size": task.tokenizer.vocabulary_size,
        "signatures": runner.signatures,
        "recipe": artifact.recipe,
        "part_recipes": artifact.part_recipes,
        "self_test": _self_test(task, runner),
    }
    add_description(task, artifact.path, content)
    measured = Artifact.of(artifact.path, artifact.format, signatures=artifact.signatures)
    return dataclasses.replace(artifact, size_bytes=measured.size_bytes, sha256=measured.sha256)


def _self_test(task, runner):
    """Inputs of one signature and its outputs, for a client that wants to know whether it computes right."""
    rows = {
        "answer": ("What was not bad?", SELF_TEST),
        "choose": (SELF_TEST, ["good", "bad film"]),
        # At the start, where no limit of tokens cuts it off.
        "fill": (f"{task.tokenizer.vocabulary[task.tokenizer.mask_id]} {SELF_TEST}",),
        "summarize": (f"{SELF_TEST} It was good.",),
    }
    pair = f"{task.endpoint}_text" not in runner.signatures
    row = rows.get(task.endpoint, PAIRS[0] if pair else (SELF_TEST,))
    signature, inputs = BY_ENDPOINT[task.endpoint].inputs(task.endpoint, row)
    outputs = runner.run_texts(signature, inputs)
    return {
        "signature": signature,
        "inputs": {name: value.tolist() for name, value in inputs.items()},
        "outputs": {name: np.asarray(value).tolist() for name, value in outputs.items()},
        "tolerance": EXACT if runner.bits == 32 else QUANTIZED,
    }
