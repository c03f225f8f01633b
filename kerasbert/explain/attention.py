"""Attention: where the model has looked."""

from typing import Any

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.explain.explanation import Explanation
from kerasbert.explain.kinds import of_pairs, subject_of
from kerasbert.explain.methods import BATCH_SIZE
from kerasbert.explain.subjects import by_length
from kerasbert.tasks.task import Task
from kerasbert.types import Rows

NOTE = (
    "Attention shows from where the model collected information. It does not show which words decided the "
    "answer, nor in which direction: other attention can give the same answer."
)


def attention(
    task: Task, x: Rows, target: Any = None, *, method: str = "rollout", batch_size: int = BATCH_SIZE
) -> list[Explanation]:
    """Shows how much attention words get from the positions that the answer is read from.

    These are `[CLS]` for a classifier, the words of an entity, the start and the end of an answer, the
    `[MASK]`, and all tokens for an embedder that takes their mean. Attention does not show which words
    decided the answer, nor in which direction (Jain & Wallace 2019, https://arxiv.org/abs/1902.10186): for
    that, use `integrated_gradients`.

    Args:
        task, x, target, batch_size: as for `integrated_gradients`.
        method: str. `"raw"`: the attention of the last block. `"rollout"`: attention followed through all
            blocks, where half of what a position passes on is its own (Abnar & Zuidema 2020, section 3,
            https://arxiv.org/abs/2005.00928). Both are means over all heads.

    Returns:
        List with an `Explanation` for each row. The shares of all tokens, `[CLS]` and `[SEP]` included, add
        up to 1.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=2, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> [explanation] = attention(classifier, ["a good film"])
    >>> round(sum(token.attribution for token in explanation.tokens), 4)
    1.0
    """
    checks.positive_int("attention", batch_size=batch_size)
    checks.one_of("attention", ("raw", "rollout"), method=method)
    subject = subject_of(task, x, target)
    shares = np.zeros(subject.tokens["token_ids"].shape)
    for rows in by_length(subject.lengths, batch_size):
        tokens = {
            name: value
            for name, value in subject.batch(rows).items()
            if name in ("token_ids", "segment_ids", "padding_mask")
        }
        outputs = task.encoder(tokens, return_all=True, training=False)
        reads = subject.reads[rows][:, None, : tokens["token_ids"].shape[1]]  # (B, 1, S)
        layers = outputs["attentions"] if method == "rollout" else outputs["attentions"][-1:]
        for layer in layers[::-1]:
            mean = ops.convert_to_numpy(ops.cast(ops.mean(layer, axis=1), "float32"))  # (B, S, S)
            reads = reads @ mean / 2 + reads / 2 if method == "rollout" else reads @ mean
        shares[rows, : reads.shape[2]] = reads[:, 0]
    shares *= subject.tokens["padding_mask"]
    name = f"Attention ({method})"
    found = [
        subject.explanation(row, name, shares[row], measure="attention", note=NOTE)
        for row in range(len(subject))
    ]
    return of_pairs(task, found)
