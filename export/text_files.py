"""Files that take text: they are proven with texts, and say what they are."""

import dataclasses

from kerasbert import checks
from kerasbert.export.artifact import Artifact
from kerasbert.export.description import SELF_TEST, add_description
from kerasbert.export.runners import TFLiteRunner
from kerasbert.export.verification import VerificationError

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


def check_tokens(task, runner, texts):
    """Compares the tokens of a file's tokenizer with those of the task.

    Args:
        task: a kerasbert task.
        runner: `TFLiteRunner`.
        texts: sequence of str, or of pairs of str.

    Raises:
        VerificationError: if any differ.
    """
    for text in texts:
        text = (text,) if isinstance(text, str) else text
        expected, found = task.tokenizer(*text, max_length=task.max_sequence_length), runner.tokenize(*text)
        for name, row in expected.items():
            if row.numpy().tolist() != found[name][0].tolist():
                raise checks.invalid(
                    "The tokens of the file must be those of the task's tokenizer.",
                    fix="Use the tested versions of TensorFlow and LiteRT; report this if you do.",
                    kind=VerificationError,
                    text=text,
                    expected=row.numpy().tolist(),
                    found=found[name][0].tolist(),
                )


def finish_text_file(task, artifact):
    """Compares the tokens of some texts, and appends what the file says of itself.

    Args:
        task: the kerasbert task that was exported.
        artifact: `Artifact` of the file.

    Returns:
        `Artifact`, of the file as it is then.

    Raises:
        VerificationError: if any tokens differ.
    """
    runner = TFLiteRunner(artifact.path)
    check_tokens(task, runner, [*TEXTS, (SELF_TEST, "a pair"), ("", ""), ("a " * 600, "b")])
    add_description(task, runner, artifact.path, artifact.recipe, artifact.part_recipes)
    measured = Artifact.of(artifact.path, artifact.format, signatures=artifact.signatures)
    return dataclasses.replace(artifact, size_bytes=measured.size_bytes, sha256=measured.sha256)
