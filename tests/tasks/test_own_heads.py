"""Heads of a user's own: they learn, and every kind of file keeps them."""

import json

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import compression, export
from kerasbert.testing import check_task

TEXTS = ["good film", "bad film", "what a good film!", "the film was bad", "good", "very bad."]
LABELS = ["good" if "good" in text else "bad" for text in TEXTS]
WORDS = [["good", "film"], ["bad", "film", "was", "a", "film"], ["film"]]
TAGS = [["O", "B-FILM"], ["O", "B-FILM", "O", "O", "B-FILM"], ["B-FILM"]]


@keras.saving.register_keras_serializable(package="tests")
class DeepClassifier(kerasbert.BertTextClassifier):
    """A hidden layer between the pooled output and the logits; Keras gives its layers their names."""

    def make_head(self):
        layers = [
            keras.layers.Dense(12, activation="gelu"),
            keras.layers.LayerNormalization(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(12, activation="gelu"),
            keras.layers.Dense(len(self.labels)),
        ]
        return keras.Sequential(layers, name=self.head_names[0])


@keras.saving.register_keras_serializable(package="tests")
class ConvolutionalTagger(kerasbert.BertTokenClassifier):
    """A head that reads neighbours, so that it needs sequences `(B, S, D)`."""

    def make_head(self):
        layers = [
            keras.layers.Conv1D(6, 3, padding="same", activation="relu"),
            keras.layers.Dense(len(self.labels)),
        ]
        return keras.Sequential(layers, name=self.head_names[0])

    def logits(self, encoder_outputs, training=None):
        """Padding counts as nothing; without that, `check_task` says that answers depend on it."""
        mask = keras.ops.expand_dims(encoder_outputs["padding_mask"], -1)
        vectors = encoder_outputs["sequence_output"]
        return self.head(vectors * keras.ops.cast(mask, vectors.dtype), training=training)


@keras.saving.register_keras_serializable(package="tests")
class WithMoreLayers(kerasbert.BertTextClassifier):
    """Layers beside the head, which nothing has built before the first call."""

    def __init__(self, *args, width=8, **kwargs):
        super().__init__(*args, **kwargs)
        self.width = width
        self.gates = [keras.layers.Dense(width, activation="sigmoid") for _ in range(2)]

    preset_arguments = (*kerasbert.BertTextClassifier.preset_arguments, "width")

    def logits(self, encoder_outputs, training=None):
        pooled = encoder_outputs["pooled_output"]
        for gate in self.gates:
            pooled = pooled * gate(pooled)
        return self.head(pooled, training=training)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="tests")
class Projected(kerasbert.BertTextEmbedder):
    """An embedder with a projection, as sentence-transformers has one."""

    def make_head(self):
        return keras.layers.Dense(self.encoder.config.hidden_dim, name="projection")


MADE = {
    DeepClassifier: {"labels": ["bad", "good"]},
    ConvolutionalTagger: {"labels": ["O", "B-FILM", "I-FILM"]},
    WithMoreLayers: {"labels": ["bad", "good"]},
    Projected: {},
}
ROWS = {ConvolutionalTagger: (WORDS, TAGS), Projected: ((TEXTS, TEXTS[::-1]), None)}


def make(task_class, config, tokenizer, seed=0):
    keras.utils.set_random_seed(seed)
    encoder = kerasbert.BertEncoder(config, pooler=bool(task_class.needs_pooler))
    return task_class(encoder, tokenizer, **MADE[task_class])


KINDS = tuple(MADE)


@pytest.fixture(scope="module", params=KINDS, ids=lambda task_class: task_class.__name__)
def learned(request, config, tokenizer):
    task = make(request.param, config, tokenizer)
    task.compile(keras.optimizers.Adam(1e-2))
    before = {path: np.array(weight) for path, weight in task.named_weights().items()}
    x, y = ROWS.get(request.param, (TEXTS, LABELS))
    history = task.fit(x, y, epochs=8, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    own = [path for path in before if not path.startswith("encoder/")]
    assert own
    assert all(np.any(before[path] != task.named_weights()[path]) for path in own)
    return task


def answers(task):
    tokens = task.tokenizer(["good film", "the film was bad"])
    return {name: np.array(value) for name, value in task.answer_tokens(tokens).items()}


def check_same(one, two):
    for name, expected in answers(one).items():
        np.testing.assert_allclose(answers(two)[name], expected, atol=1e-6)


@pytest.mark.slow
def test_presets_keep_it_whatever_other_layers_a_process_made(learned, tmp_path, config, tokenizer):
    learned.save_to_preset(tmp_path / "it")
    for name in ("Dense", "Conv1D", "LayerNormalization"):  # which moves the numbers in Keras' names
        getattr(keras.layers, name)(3, *[3] * (name == "Conv1D"))
    again = type(learned).from_preset(tmp_path / "it")
    assert again.load_report.initialized == () == again.load_report.ignored
    check_same(learned, again)
    other = make(type(learned), config, tokenizer, seed=1)
    other.load_preset(tmp_path / "it")
    check_same(learned, other)


@pytest.mark.slow
def test_a_task_without_the_head_says_what_it_leaves(learned, tmp_path):
    learned.save_to_preset(tmp_path / "it")
    usual = type(learned).__bases__[0]
    with pytest.warns(UserWarning, match="Some weights were not loaded"):
        task = usual.from_preset(tmp_path / "it")
    assert any(not name.startswith("encoder") for name in task.load_report.ignored)


@pytest.mark.slow
def test_transformers_loads_the_encoder_beside_it(learned, tmp_path):
    learned.save_to_preset(tmp_path / "it")
    fields = json.loads((tmp_path / "it" / "config.json").read_text())
    assert fields["architectures"] == ["BertModel"]
    encoder = kerasbert.BertEncoder.from_preset(tmp_path / "it")
    tokens = learned.tokenizer(["good film"])
    expected = learned.encoder(tokens)["sequence_output"]
    np.testing.assert_array_equal(encoder(tokens)["sequence_output"], expected)
    for write in (export.to_huggingface, export.to_google, export.to_keras_hub):
        with pytest.raises(ValueError, match="must have a model class with this head"):
            write(learned, tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "formats", [("tflite",), pytest.param(("saved_model", "onnx"), marks=pytest.mark.slow)]
)
def test_it_keeps_what_every_task_promises(learned, formats):
    check_task(learned, *ROWS.get(type(learned), (TEXTS, LABELS)), formats=formats)


@keras.saving.register_keras_serializable(package="tests")
class Forgetful(DeepClassifier):
    """Keeps its factor in no file."""

    factor = 1.0

    def logits(self, encoder_outputs, training=None):
        return self.factor * super().logits(encoder_outputs, training)


@keras.saving.register_keras_serializable(package="tests")
class OfTheBatch(DeepClassifier):
    """An answer that depends on the other rows."""

    def logits(self, encoder_outputs, training=None):
        logits = super().logits(encoder_outputs, training)
        return logits - keras.ops.mean(logits, axis=0)


MADE |= {Forgetful: MADE[DeepClassifier], OfTheBatch: MADE[DeepClassifier]}


@pytest.mark.slow
def test_broken_promises_are_found(config, tokenizer):
    task = make(Forgetful, config, tokenizer)
    task.factor = 3.0
    task.compile()
    with pytest.raises(AssertionError, match=r"`probabilities` after from_config.* differs by"):
        check_task(task, TEXTS, LABELS, formats=())
    task = make(OfTheBatch, config, tokenizer)
    task.compile()
    with pytest.raises(AssertionError, match="`probabilities` of one sequence differs by"):
        check_task(task, TEXTS, LABELS, formats=())
    task = make(DeepClassifier, config, tokenizer)
    task.compile()
    task.compile(keras.optimizers.SGD(0.0))
    with pytest.raises(AssertionError, match="`fit` must change classification"):
        check_task(task, TEXTS, LABELS, formats=())


@pytest.mark.slow
def test_smaller_models_keep_it(learned):
    if isinstance(learned, Projected):
        pytest.skip("it is trained on pairs")
    small = compression.drop_layers(compression.trim_vocabulary(learned, TEXTS), keep=[0])
    assert type(small) is type(learned)
    own = {
        path: np.array(w) for path, w in learned.named_weights().items() if not path.startswith("encoder/")
    }
    for path, value in own.items():
        np.testing.assert_array_equal(small.named_weights()[path], value)


@pytest.mark.slow
def test_int8_keeps_it(config, tokenizer, tmp_path):
    task = make(DeepClassifier, config, tokenizer)
    artifact = export.to_tflite(task, tmp_path / "it.tflite")
    assert artifact.partitions == 1


def test_a_head_needs_its_name_and_shape(config, tokenizer):
    class Nameless(kerasbert.BertTextClassifier):
        def make_head(self):
            return keras.layers.Dense(len(self.labels))

    class Wide(kerasbert.BertTokenClassifier):
        def make_head(self):
            return keras.layers.Dense(7, name="token_classification")

    encoder = kerasbert.BertEncoder(config)
    with pytest.raises(ValueError, match="must return a layer whose `name` is 'classification'"):
        Nameless(encoder, tokenizer, labels=["a", "b"])
    with pytest.raises(ValueError, match=r"whose `output_shape` is \(None, None, 2\).*\(None, None, 7\)"):
        Wide(encoder, tokenizer, labels=["O", "B-X"])


def test_a_new_head_is_said_to_be_untrained(config, tokenizer, tmp_path):
    kerasbert.BertEncoder(config).save_to_preset(tmp_path, tokenizer)
    task = DeepClassifier.from_preset(tmp_path, labels=["bad", "good"])
    with pytest.warns(UserWarning, match="The answers are random: classification/dense/kernel"):
        task.predict(["good"], verbose=0)


@pytest.mark.filterwarnings("error:The answers are random")
def test_the_validation_in_fit_does_not_ask_for_fit(config, tokenizer, tmp_path):
    kerasbert.BertEncoder(config).save_to_preset(tmp_path, tokenizer)
    task = DeepClassifier.from_preset(tmp_path, labels=["bad", "good"])
    task.compile()
    # The only step of the first epoch has the rate 0, at which the warm-up begins.
    task.fit(TEXTS, LABELS, epochs=2, validation_data=(TEXTS, LABELS), verbose=0)
    task.predict(TEXTS, verbose=0)


def test_a_head_that_fit_left_as_it_was_is_still_untrained(config, tokenizer, tmp_path):
    kerasbert.BertEncoder(config).save_to_preset(tmp_path, tokenizer)
    task = DeepClassifier.from_preset(tmp_path, labels=["bad", "good"])
    task.compile()
    task.fit(TEXTS, LABELS, epochs=1, validation_data=(TEXTS, LABELS), verbose=0)
    with pytest.warns(UserWarning, match="The answers are random"):
        task.predict(TEXTS, verbose=0)


@pytest.mark.parametrize("kind", ["BertMaskedLM", "BertPretrainer"])
def test_a_head_that_would_not_be_called_is_refused(kind, config, tokenizer):
    class Own(getattr(kerasbert, kind)):
        def make_head(self):
            return keras.layers.Dense(3)

    with pytest.raises(TypeError, match="`make_head` is never called"):
        Own(kerasbert.BertEncoder(config, pooler=True), tokenizer)
