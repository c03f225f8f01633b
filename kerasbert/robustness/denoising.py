"""Teaches an encoder to read perturbed words as the words that were meant."""

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.data import texts_in_memory
from kerasbert.encoder import BertEncoder
from kerasbert.robustness.changes import named
from kerasbert.robustness.perturbations import TYPOS, Perturbation
from kerasbert.robustness.word_pairs import PADDING, WordPairs
from kerasbert.tasks.task import Task
from kerasbert.training import BertAdamW, WarmupLinearDecay
from kerasbert.training.distribution import check_distribution
from kerasbert.training.resume import resuming
from kerasbert.types import Rows, Tensor, Tensors

# A perturbed word counts as much as this many others.
CHANGED_WEIGHT = 3.0


def denoise(
    task: Task,
    x: Rows,
    perturbations: Perturbation | Iterable[Perturbation] | dict[str, Perturbation] = TYPOS,
    *,
    epochs: int = 4,
    rate: float = 0.3,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int | str = "auto",
    callbacks: Any = None,
) -> keras.callbacks.History:
    """Teaches a fine-tuned task, in place, to read perturbed words as the words that were meant.

    Answers then change less often when texts change in this way; `invariance` measures it. The embeddings and
    the lower half of the blocks learn that the hidden states of each word of a perturbed text are those that
    the task had for the text as it is. This is the idea of self-teaching (Zhuang & Zuccon 2022,
    https://arxiv.org/abs/2204.00716), for the states of words in place of scores: each misspelled word is an
    example, not each text alone. The blocks above and the head stay as they are, and no labels are needed, so
    that it works for every task, with any texts of the kind that it will read.

    It comes last: after `fit`, and before `evaluation.fit_temperature`, thresholds and exports.

    Args:
        task: a kerasbert task with a tokenizer.
        x: a list of texts; in pairs, each text is read alone.
        perturbations: functions from text to text, of which one is drawn for each word that is perturbed. A
            word that would be split or lost stays as it is.
        epochs: int, how often the texts are read, with other perturbations each time.
        rate: float above 0 and up to 1, the fraction of the words that are perturbed.
        learning_rate: float, the peak of a linear warm-up and decay.
        batch_size: int.
        seed: int.
        verbose: as in `keras.Model.fit`.
        callbacks: as in `keras.Model.fit`, such as `EarlyStopping("loss")` or `TensorBoard`. Their `model` is
            the part that learns, not the task: save the task afterwards. A process that is killed loses only
            this training, since the files of the task stay as they are; start again from them.

    Returns:
        `keras.callbacks.History`, whose `loss` is the mean squared difference of the states.

    Raises:
        TypeError: if `task` is no task, or `x` is not texts in memory.
        ValueError: if the task has no tokenizer, or one that normalises tweets, the lower blocks are frozen
            or share their weights with the upper ones (ALBERT), a class of yours overrides `call` or
            `transform` of the encoder, no word was perturbed, or the callbacks include `ResumeTraining`,
            which resumes a `fit` of rows.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "f", "##lim"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=2, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> history = denoise(classifier, ["a film", "the film"], epochs=2, rate=1.0, verbose=0)
    >>> len(history.history["loss"])
    2
    """
    where = "denoise"
    if not isinstance(task, Task):
        raise checks.invalid(
            "`denoise` trains the encoder of a kerasbert task.",
            fix="Pass the task, after `fit`.",
            where=where,
            kind=TypeError,
            task=type(task).__name__,
        )
    checks.positive_int(where, epochs=epochs, batch_size=batch_size)
    checks.positive_float(where, rate=rate, learning_rate=learning_rate)
    checks.rate(where, rate=rate)
    checks.not_negative_int(where, seed=seed)
    if resuming(callbacks) is not None:
        raise checks.invalid(
            "`denoise` cannot be resumed: it starts from a task as `fit` left it.",
            fix="Leave out `ResumeTraining`; after an interruption, start again from the saved task.",
            where=where,
            callbacks="ResumeTraining",
        )
    check_distribution()
    task.preprocessor.need_tokenizer(where)
    if task.encoder.config.shared_blocks:
        raise checks.invalid(
            "`denoise` trains the lower half of the blocks alone, and these share their weights with the "
            "upper half.",
            fix="Train on `augmented` rows alone.",
            where=where,
            shared_blocks=True,
        )
    fix = "Train on `augmented` rows alone."
    checks.not_overridden(where, task.encoder, "call", "transform", fix=fix)
    texts = [text for column in texts_in_memory(x, where) for text in column]
    changes = list(named(perturbations).items())
    # JAX computes one operation after the other, very slowly, unless it compiles.
    compiled = keras.backend.backend() == "jax"
    longest = task.max_sequence_length
    rows = WordPairs(
        task.tokenizer, texts, changes, rate, longest, batch_size, CHANGED_WEIGHT, seed, few_lengths=compiled
    )
    rows.check()
    reader = WordReader(task.encoder, -(-len(task.encoder.blocks) // 2))
    if not reader.trainable_variables:
        raise checks.invalid(
            "The embeddings or some of the lower half of the blocks must be trainable.",
            fix="Call `task.encoder.freeze(None)`.",
            where=where,
            frozen=task.encoder.name,
        )
    schedule = WarmupLinearDecay(learning_rate, total_steps=epochs * len(rows))
    reader.compile(BertAdamW(schedule, weight_decay=0.0), jit_compile=compiled)
    return reader.fit(rows.dataset(), epochs=epochs, shuffle=False, verbose=verbose, callbacks=callbacks)


class WordReader(keras.Model):
    """The lower half of an encoder, which learns to read perturbed words as it reads the meant ones.

    The loss is the mean squared difference of hidden states, averaged over the tokens of each word, between
    perturbed texts and the same texts as they are, in each of the lower blocks. The states of the texts as
    they are come from a copy of the encoder that does not change, so that the blocks above, and heads, work
    on as before. There is no dropout, since the states are to be equal.

    Args:
        encoder: `BertEncoder`, whose embeddings and lower blocks are trained in place.
        depth: int, the number of blocks.
    """

    def __init__(self, encoder: BertEncoder, depth: int) -> None:
        super().__init__(dtype=encoder.dtype_policy)
        self.layers_below = _below(encoder, depth)
        meant = _below(type(encoder).from_config(encoder.get_config()), depth)
        for layer, learner in zip(meant, self.layers_below, strict=True):
            layer.set_weights(learner.get_weights())
        # Hidden from Keras, which would otherwise train it.
        object.__setattr__(self, "meant", meant)
        self.built = True

    def call(self, inputs: Tensors, training: bool | None = None) -> tuple[Tensor, Tensor]:
        """The states of the words of perturbed texts, `(depth, B, W, D)`, and which words have a token."""
        return _word_states(self.layers_below, inputs["token_ids"], inputs["words"], inputs["weight"])

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: Any = True,
    ) -> Tensor:
        """See the class."""
        states, has_token = y_pred
        meant, has_clean_token = _word_states(self.meant, x["clean_token_ids"], x["clean_words"], x["weight"])
        weight = x["weight"] * has_token * has_clean_token
        distance = ops.mean(ops.square(states - ops.stop_gradient(meant)), axis=(0, -1))
        return ops.sum(weight * distance) / ops.sum(weight)


def _below(encoder, depth):
    return [encoder.embeddings, *encoder.blocks[:depth]]


def _word_states(layers, token_ids, words, weight):
    """The mean state of the tokens of each word in each block, and which words have a token."""
    embeddings, *blocks = layers
    bias = embeddings.attention_bias(token_ids, ops.cast(words != PADDING, "int32"))
    x = embeddings(token_ids, None, training=False)
    belongs = ops.cast(words[:, None, :] == ops.arange(ops.shape(weight)[1])[:, None], "float32")  # (B, W, S)
    count = ops.sum(belongs, axis=-1)
    share = belongs / ops.maximum(count, 1.0)[..., None]
    states = []
    for block in blocks:
        x = block(x, bias=bias, training=False)
        states.append(ops.matmul(share, ops.cast(x, "float32")))
    return ops.stack(states), ops.cast(count > 0, "float32")
