"""Every layer, head and task, one line each: how to make it, and inputs for a batch of sequences."""

import dataclasses
import os

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import BertConfig, BertEncoder
from kerasbert.heads import ClassificationHead, MaskedLMHead, SpanHead, TokenClassificationHead
from kerasbert.layers import BertEmbeddings, EncoderBlock, FeedForward, Pooler, SelfAttention

B, S, D, V = 3, 5, 8, 20
CONFIG = BertConfig(
    vocabulary_size=V,
    num_layers=2,
    num_heads=2,
    hidden_dim=D,
    intermediate_dim=16,
    max_sequence_length=S,
    initializer_range=0.3,  # differences between inputs stay visible in a tiny model
)
RELATIVE = BertConfig.from_dict(
    CONFIG.to_dict()
    | {
        "num_segments": 0,
        "embedding_dim": 6,
        "position_offset": 2,
        "position_embedding": "sinusoidal",
        "pooler_activation": "relu",
    }
)

MPNET = BertConfig.from_dict(
    CONFIG.to_dict() | {"relative_position_buckets": 8, "position_offset": 2, "num_segments": 0}
)
ALBERT = BertConfig.from_dict(CONFIG.to_dict() | {"shared_blocks": True, "embedding_dim": 6, "num_layers": 3})

# The encoder in all of tests/conformance: `ENCODER=ALBERT pytest tests/conformance`.
ENCODERS = {
    "BERT": CONFIG,
    "MPNET": dataclasses.replace(MPNET, relative_position_buckets=32),  # as in all files of MPNet
    "ALBERT": ALBERT,
}
TASK_CONFIG = ENCODERS[os.environ.get("ENCODER", "BERT")]


def vectors(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def ids(high=V):
    return np.random.default_rng(1).integers(0, high, (B, S)).astype("int32")


TOKENS = {"token_ids": ids(), "segment_ids": ids(2), "padding_mask": (ids() > 4).astype("int32")}
TOKENS["padding_mask"][:, 0] = 1

# name -> (constructor of keyword arguments, positional inputs)
LAYERS = {
    "BertEmbeddings": (lambda **kw: BertEmbeddings(V, D, S, **kw), (ids(), ids(2))),
    "SelfAttention": (lambda **kw: SelfAttention(num_heads=2, **kw), (vectors(B, S, D),)),
    "FeedForward": (lambda **kw: FeedForward(intermediate_dim=16, **kw), (vectors(B, S, D),)),
    "EncoderBlock": (lambda **kw: EncoderBlock(2, 16, hidden_dropout=0.5, **kw), (vectors(B, S, D),)),
    "Pooler": (lambda **kw: Pooler(**kw), (vectors(B, S, D),)),
    "ClassificationHead": (lambda **kw: ClassificationHead(3, **kw), (vectors(B, D),)),
    "TokenClassificationHead": (lambda **kw: TokenClassificationHead(3, **kw), (vectors(B, S, D),)),
    "SpanHead": (lambda **kw: SpanHead(**kw), (vectors(B, S, D),)),
    "MaskedLMHead": (lambda **kw: MaskedLMHead(V, tied=False, **kw), (vectors(B, S, D),)),
    "BertEncoder": (lambda **kw: BertEncoder(CONFIG, **kw), (TOKENS,)),
    "BertEncoder of a relative": (lambda **kw: BertEncoder(RELATIVE, **kw), (TOKENS,)),
    "BertEncoder of MPNet": (lambda **kw: BertEncoder(MPNET, **kw), (TOKENS,)),
    "BertEncoder of ALBERT": (lambda **kw: BertEncoder(ALBERT, **kw), (TOKENS,)),
}

# name -> arguments beside the encoder and the tokenizer
TASKS = {
    "BertTextClassifier": {"labels": ["bad", "good"], "dropout": 0.3},
    "BertTextClassifier of several labels": {"labels": ["a", "b", "c"], "problem": "multi_label"},
    "BertTextClassifier of numbers": {"labels": ["score"], "problem": "regression"},
    "BertTokenClassifier": {"labels": ["O", "B", "I"], "dropout": 0.3},
    "BertQuestionAnswerer": {},
    "BertSummarizer": {},
    "BertMultipleChoice": {"dropout": 0.3},
    "BertMaskedLM": {"tied": False},
    "BertPretrainer": {},
    "BertNextSentencePredictor": {},
    "BertTextEmbedder": {"pooling": "max", "normalize": False},
}


TEXTS = [
    "good film",
    "",
    "the film was very bad. not good! a film very good very bad",
    "\x07 a  film's",
    "漢字 good",
]
LONG = " ".join(TEXTS * 3)
# What a task takes, where that is not texts; and it takes texts of any length.
_SAMPLES = {
    "BertTokenClassifier": [*TEXTS, LONG],
    "BertQuestionAnswerer": (["good?", "", "bad " * 9, "film?"], [LONG, TEXTS[2], TEXTS[2], ""]),
    "BertMultipleChoice": (TEXTS, [["a", TEXTS[2], ""]] * 5),
    "BertSummarizer": [
        *TEXTS,
        LONG,
        ["good film", "\x07", "bad film", "a film was good and bad"],
        "good " * 20,
    ],
    "BertMaskedLM": ["a [MASK] film", "[MASK] [MASK] good", "film [MASK]"],
    "BertNextSentencePredictor": (TEXTS, TEXTS[::-1]),
}

# Parts of models, and of what reads them, that no other task has.
DIVERSE = ("BertTextClassifier", "BertTokenClassifier", "BertQuestionAnswerer", "BertMaskedLM")


def slow_but(fast, names=TASKS):
    """Tasks as parameters of a test that takes long: all but `fast` are marked slow."""
    return [name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in names]


EXPORTED = [name for name in TASKS if name != "BertPretrainer"]


def sample_texts(task):
    """Texts as a task takes them in `predict`, some of them too long."""
    return _SAMPLES.get(type(task).__name__, TEXTS)


def make_task(name, config, tokenizer, **kwargs):
    """One of the tasks on a random encoder."""
    task_class = getattr(kerasbert, name.partition(" ")[0])
    encoder = BertEncoder(config, dtype=kwargs.get("dtype"))
    return task_class(encoder, tokenizer, **(TASKS[name] | kwargs))


def make_wild_task(name, config, tokenizer):
    """The same with weights that make answers differ between texts: no bias of zero, no norm of one."""
    task = make_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    if name == "BertTokenClassifier":  # each label is the best one somewhere, whatever the weights
        tokens = {
            key: np.asarray(value)
            for key, value in tokenizer(TEXTS, max_length=task.max_sequence_length).items()
        }
        logits = outputs(task(tokens))["output"][tokens["padding_mask"] == 1]
        task.head.dense.bias.assign(task.head.dense.bias - logits.mean(0))
    return task


def make_still_task(name, config, tokenizer):
    """The same without dropout, whose losses are no draw of lots."""
    config = BertConfig.from_dict(config.to_dict() | {"hidden_dropout": 0.0, "attention_dropout": 0.0})
    has_dropout = "Classifier" in name or name == "BertMultipleChoice"
    return make_task(name, config, tokenizer, **({"dropout": 0.0} if has_dropout else {}))


def training_rows(name, tokenizer, texts):
    """Tokens and labels for one of the tasks, and what `compile` must be told."""
    tokens = {key: np.asarray(value) for key, value in tokenizer(texts).items()}
    if name == "BertMultipleChoice":
        tokens = {key: np.stack([value, value[::-1]]) for key, value in tokens.items()}
    rows, length = len(tokens["token_ids"]), tokens["token_ids"].shape[-1]
    one, each = np.arange(rows) % 2, np.arange(rows * length).reshape(rows, length) % 2
    y = {
        "BertTextClassifier of several labels": np.eye(3)[one],
        "BertTextClassifier of numbers": one.astype("float32"),
        "BertTokenClassifier": each,
        "BertSummarizer": each,
        "BertQuestionAnswerer": {"start": one, "end": one + 1},
        "BertMaskedLM": each,
        "BertPretrainer": {"masked_lm": each, "next_sentence": one},
        "BertTextEmbedder": np.ones((rows, D)),
    }.get(name, one)
    return tokens, y, {"loss": "mse", "metrics": None} if name == "BertTextEmbedder" else {}


def outputs(result):
    """The arrays of a result, by name."""
    named = result if isinstance(result, dict) else {"output": result}
    return {
        name: keras.ops.convert_to_numpy(keras.ops.cast(value, "float32")) for name, value in named.items()
    }
