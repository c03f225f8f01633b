"""The tokenizer's signatures of a TFLite file that takes text."""

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.integers import IntegerTokenizer

# What stands in a file beside the task's own signature, with its inputs, int32 (1, N) each.
TOKENIZERS = {"tokenize": ("code_points",), "tokenize_pair": ("code_points", "pair_code_points")}
TASKS = ("classify", "embed")


def tokenizer_functions(task):
    """The signatures that turn texts into the inputs of the task's own.

    Args:
        task: a kerasbert task.

    Returns:
        dict, name -> (graph function, its input signature).

    Raises:
        ValueError: if files of this task take no text.
    """
    if task.endpoint not in TASKS:
        raise checks.invalid(
            "Only classifiers and embedders can be exported to TFLite files that take text.",
            fix="Leave out `text=True`, and tokenize with the task.",
            where="to_tflite",
            task=type(task).__name__,
        )
    tokenizer = IntegerTokenizer(task.tokenizer)

    def tokenize(code_points, pair_code_points=None):
        return tokenizer.pack(code_points, pair_code_points, task.max_sequence_length)

    return {
        name: (tokenize, [tf.TensorSpec((1, None), tf.int32, text) for text in texts])
        for name, texts in TOKENIZERS.items()
    }
