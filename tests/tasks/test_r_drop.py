"""R-Drop against a plain restatement of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import make_task

from kerasbert import BertConfig

TEXTS = ["good film", "bad", "what a film", "the film was not very good"]
ALPHA = 0.7


def kl(p, q):
    return tf.reduce_sum(tf.exp(p) * (p - q), axis=-1)


def categorical(a, b):
    a, b = tf.nn.log_softmax(a), tf.nn.log_softmax(b)
    return 0.5 * (kl(a, b) + kl(b, a))


def bernoulli(a, b):
    a, b = (tf.stack([tf.math.log_sigmoid(x), tf.math.log_sigmoid(-x)], axis=-1) for x in (a, b))
    return tf.reduce_mean(0.5 * (kl(a, b) + kl(b, a)), axis=-1)


def normal(a, b):
    return tf.reduce_mean(0.5 * (a - b) ** 2, axis=-1)


def mean(values, counts, weights):
    return tf.reduce_sum(values * counts * weights) / np.sum(counts)


def classifier_loss(a, b, y, weights):
    ones, losses = np.ones(4), tf.nn.sparse_softmax_cross_entropy_with_logits
    error = 0.5 * (losses(y, a) + losses(y, b))
    return mean(error + ALPHA * categorical(a, b), ones, weights)


def labels_loss(a, b, y, weights):
    def error(x):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y.astype("float32"), x), axis=-1)

    return mean(0.5 * (error(a) + error(b)) + ALPHA * bernoulli(a, b), np.ones(4), weights)


def numbers_loss(a, b, y, weights):
    error = 0.5 * tf.reduce_mean((a - y) ** 2 + (b - y) ** 2, axis=-1)
    return mean(error + ALPHA * normal(a, b), np.ones(4), weights)


def tokens_loss(a, b, y, weights):
    counts, losses = y != -100, tf.nn.sparse_softmax_cross_entropy_with_logits
    error = 0.5 * (losses(np.where(counts, y, 0), a) + losses(np.where(counts, y, 0), b))
    return mean(error + ALPHA * categorical(a, b), counts, weights)


def spans_loss(a, b, y, weights):
    parts = [classifier_loss(a[name], b[name], y[name], weights) for name in ("start", "end")]
    return 0.5 * sum(parts)


def cases(length):
    generator = np.random.default_rng(0)
    each = generator.integers(0, 3, (4, length))
    each[:, 0] = each[1, 2:] = -100
    return {
        "BertTextClassifier": (np.array([1, 0, 1, 1]), classifier_loss),
        "BertTextClassifier of several labels": (np.eye(3)[[0, 1, 1, 2]], labels_loss),
        "BertTextClassifier of numbers": (np.array([[0.5], [-1.0], [0.0], [2.0]], "float32"), numbers_loss),
        "BertTokenClassifier": (each, tokens_loss),
        "BertQuestionAnswerer": (
            {"start": np.array([1, 0, 2, 3]), "end": np.array([2, 1, 2, 3])},
            spans_loss,
        ),
    }


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", cases(3))
def test_its_gradients_are_those_of_the_paper(name, config, tokenizer):
    config = BertConfig.from_dict(config.to_dict() | {"hidden_dropout": 0.3, "attention_dropout": 0.1})
    tokens = {key: np.asarray(value) for key, value in tokenizer(TEXTS).items()}
    y, loss = cases(tokens["token_ids"].shape[1])[name]
    weights = np.array([1.0, 0.5, 2.0, 0.0], "float32")
    weights = (
        np.repeat(weights[:, None], tokens["token_ids"].shape[1], 1)
        if np.ndim(y) == 2 and "Token" in name
        else weights
    )
    tasks = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        tasks.append(make_task(name, config, tokenizer))
    ours, plain = tasks
    before = [variable.numpy() for variable in ours.trainable_variables]
    ours.compile(optimizer=keras.optimizers.SGD(1.0), metrics=None, r_drop=ALPHA, run_eagerly=True)
    total = ours.train_on_batch(tokens, y, weights, return_dict=True)["loss"]
    with tf.GradientTape() as tape:
        a, b = plain(tokens, training=True), plain(tokens, training=True)
        expected = loss(a, b, y, weights)
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    gradients = tape.gradient(expected, [variable.value for variable in plain.trainable_variables])
    for variable, old, gradient in zip(ours.trainable_variables, before, gradients, strict=True):
        found, expected = old - variable.numpy(), tf.convert_to_tensor(gradient)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=variable.path)


def test_without_dropout_it_changes_nothing(config, tokenizer):
    config = BertConfig.from_dict(config.to_dict() | {"hidden_dropout": 0.0, "attention_dropout": 0.0})
    tokens = {key: np.asarray(value) for key, value in tokenizer(TEXTS).items()}
    losses = []
    for r_drop in (None, 5.0):
        keras.utils.set_random_seed(0)
        task = make_task("BertNextSentencePredictor", config, tokenizer)
        task.compile("sgd", r_drop=r_drop, run_eagerly=True)
        losses.append(task.train_on_batch(tokens, np.array([0, 1, 1, 0]))[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.slow
def test_evaluation_is_that_of_the_model_and_files_remember(classifier, tmp_path):
    classifier.compile(r_drop=0.5)
    texts, labels = TEXTS * 2, [1, 0, 1, 1] * 2
    history = classifier.fit(texts, labels, batch_size=4, verbose=0, validation_data=(texts, labels))
    again = classifier.evaluate(texts, labels, verbose=0)[0]
    assert history.history["val_loss"][-1] == pytest.approx(again, rel=1e-5)
    classifier.save(tmp_path / "it.keras")
    loaded = keras.saving.load_model(tmp_path / "it.keras")
    assert loaded.r_drop == 0.5
    loaded.compile()
    assert loaded.r_drop is None


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_in_mixed_precision(dtype, config, tokenizer):
    keras.config.set_dtype_policy(dtype)
    try:
        task = make_task("BertTextClassifier", config, tokenizer)
    finally:
        keras.config.set_dtype_policy("float32")
    task.compile(optimizer=keras.optimizers.Adam(1e-2), r_drop=0.5, run_eagerly=True)
    tokens = {key: np.asarray(value) for key, value in tokenizer(TEXTS).items()}
    losses = task.fit(tokens, np.array([1, 0, 1, 1]), epochs=12, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_what_has_no_distribution_and_no_weight(config, tokenizer, classifier):
    with pytest.raises(ValueError, match=r"r_drop=1\.0"):
        make_task("BertTextEmbedder", config, tokenizer).compile(r_drop=1.0)
    with pytest.raises(ValueError, match="r_drop=0"):
        classifier.compile(r_drop=0)
