"""The most probable tokens at masks."""

from kerasbert import checks
from kerasbert.export.text_graphs.tokenize import TEXT, as_code_points, packed, places, text_spec
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.masked_lm import TOP_K


def signatures(task, tokenizer, run):
    """A graph function of a text with M masks.

    It returns for each mask the 5 best tokens, the best in front: `token_ids`, int32 `(1, M, 5)`, lines of
    `vocab.txt`, and `probabilities`; and where it stands, `starts` and `ends`, `(1, M)`.
    """
    known = task.tokenizer.vocabulary_size
    count = min(TOP_K, known)

    def answers(code_points):
        tokens = packed(task, tokenizer, code_points)
        starts, ends, truncated = (tokens.pop(name) for name in ("starts", "ends", "truncated"))
        probabilities = run(tokens)[task.output][0, :, :known]
        # [CLS] stands behind the masks, so that there is one row at least.
        masks = tf.concat([places(tokens["token_ids"][0] == task.tokenizer.mask_id), [0]], 0)
        best, ids = tf.math.top_k(tf.gather(probabilities, masks), count)
        masks = masks[:-1]
        return {
            "token_ids": ids[tf.newaxis, :-1],
            "probabilities": best[tf.newaxis, :-1],
            "starts": tf.gather(starts[0], masks)[tf.newaxis],
            "ends": tf.gather(ends[0], masks)[tf.newaxis],
            "truncated": truncated,
        }

    return {f"{task.endpoint}_text": (answers, [text_spec(TEXT)])}


def inputs(kind, row):
    """The signature that answers a row, a tuple of a text, and its inputs."""
    return f"{kind}_text", {TEXT: as_code_points(*row)}


def predictions(description, rows, outputs):
    """As `BertMaskedLM.fill_masks`."""
    found, vocabulary = [], description["vocabulary"]
    for number, ((text,), row) in enumerate(zip(rows, outputs, strict=True)):
        if not row["starts"].size:
            raise checks.invalid(
                f"Every text must contain a mask token within the first {description['max_sequence_length']} "
                "tokens.",
                fix="Write it where a token is to be found, or shorten the text.",
                where=f"predict, row {number}",
                text=text,
            )
        masks = zip(row["token_ids"][0].tolist(), row["probabilities"][0].tolist(), strict=True)
        found.append([[(vocabulary[i], p) for i, p in zip(*mask, strict=True)] for mask in masks])
    return found
