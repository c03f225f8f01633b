"""Frozen blocks in files, and LoRA."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import export

TEXTS, LABELS = ["good film", "bad film", "good", "bad"] * 2, [1, 0, 1, 0] * 2
TARGETS = {f"encoder/block_{i}/attention/{name}/kernel" for i in range(2) for name in ("query", "value")}


def fit(task, **kwargs):
    task.compile(optimizer=keras.optimizers.Adam(1e-2), run_eagerly=True)
    task.fit(TEXTS, LABELS, 4, 2, verbose=0, **kwargs)


def predict(task):
    return task.predict(TEXTS, verbose=0)


@pytest.fixture(scope="module")
def learned(config, tokenizer):
    """A classifier with LoRA that learned, and its weights before. Not to be changed."""
    keras.utils.set_random_seed(0)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    before = task.weight_values()
    task.encoder.enable_lora(rank=2, alpha=4)
    fit(task)
    return task, before


def copied(task):
    copy = type(task).from_config(task.get_config())
    copy.set_weights(task.get_weights())
    return copy


def test_only_the_change_the_pooler_and_the_head_learn(learned):
    task, before = learned
    dim, rank = 8, 2
    change = 2 * 2 * (dim * rank + rank * dim)  # blocks, query and value, factors
    assert sum(np.prod(v.shape) for v in task.trainable_variables) == change + dim * dim + dim + dim * 2 + 2
    moved = {path for path, value in task.weight_values().items() if not np.array_equal(value, before[path])}
    heads = {f"encoder/pooler/dense/{name}" for name in ("kernel", "bias")}
    heads |= {f"classification/logits/{name}" for name in ("kernel", "bias")}
    assert moved == TARGETS | heads
    for path, weight in task.named_weights().items():  # those of the encoder itself, without the change
        assert path in heads or np.array_equal(weight, before[path]), path


def test_at_the_start_nothing_is_changed(classifier):
    before = predict(classifier)
    classifier.encoder.enable_lora(rank=2)
    np.testing.assert_array_equal(predict(classifier), before)


@pytest.mark.slow
def test_merged_is_the_same_model_without_lora(learned):
    task = copied(learned[0])
    merged = copied(task)
    merged.encoder.merge_lora()
    np.testing.assert_allclose(predict(merged), predict(task), atol=1e-6)
    assert not any("lora" in weight.path for weight in merged.weights)
    assert len(merged.trainable_variables) == len(merged.weights)
    expected = task.weight_values()
    for path, value in merged.weight_values().items():
        np.testing.assert_allclose(value, expected[path], atol=1e-7)
    merged.encoder.merge_lora()
    fit(merged)
    merged.encoder.enable_lora(rank=1)
    fit(merged)


def test_merging_keeps_the_precision_of_the_kernel(config):
    encoder = kerasbert.BertEncoder(config, dtype="mixed_bfloat16")
    encoder.enable_lora(rank=2)
    dense = encoder.blocks[0].attention.query_dense
    dense.lora_kernel_b.assign(np.full((2, 8), 1e-3))
    expected = encoder.weight_values()
    encoder.merge_lora()
    for path, value in encoder.weight_values().items():
        np.testing.assert_array_equal(value, expected[path])


def test_a_preset_is_merged_and_knows_nothing_of_lora(learned, tmp_path):
    task = learned[0]
    export.to_huggingface(task, tmp_path / "preset")
    loaded = kerasbert.BertTextClassifier.from_preset(tmp_path / "preset")
    assert loaded.encoder.lora_rank is None
    np.testing.assert_allclose(predict(loaded), predict(task), atol=1e-6)


@pytest.mark.slow
def test_a_keras_file_keeps_it_apart_and_it_learns_on(learned, tmp_path):
    task = learned[0]
    task.save(tmp_path / "it.keras")
    loaded = keras.saving.load_model(tmp_path / "it.keras")
    for one, two in zip(loaded.get_weights(), task.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(predict(loaded), predict(task))
    assert (loaded.encoder.lora_rank, loaded.encoder.lora_alpha) == (2, 4)
    assert int(loaded.optimizer.iterations) == int(task.optimizer.iterations)
    before = {path: np.array(change) for path, change in loaded.encoder.lora_changes().items()}
    loaded.fit(TEXTS, LABELS, verbose=0)
    for path, change in loaded.encoder.lora_changes().items():
        assert not np.array_equal(change, before[path])


def test_weights_alone_go_from_one_model_with_lora_to_another(learned, tmp_path):
    task = learned[0]
    task.save_weights(tmp_path / "it.weights.h5")
    other = copied(task)
    other.set_weights([np.zeros_like(weight) for weight in other.get_weights()])
    other.load_weights(tmp_path / "it.weights.h5")
    for one, two in zip(other.get_weights(), task.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("write", [export.to_saved_model, export.to_tflite])
def test_other_exports_want_it_merged(write, learned, tmp_path):
    with pytest.raises(ValueError, match=r"LoRA must be merged first.*merge_lora\(\)"):
        write(learned[0], tmp_path / "it")


def test_what_would_not_fit_together_is_refused(learned, tmp_path):
    task = copied(learned[0])
    for call in (lambda: task.encoder.enable_lora(2), lambda: task.encoder.freeze(None)):
        with pytest.raises(ValueError, match="LoRA must be merged first"):
            call()
    task.save_to_preset(tmp_path / "preset")
    for model in (task, task.encoder):
        with pytest.raises(ValueError, match="LoRA must be merged first"):
            model.load_preset(tmp_path / "preset")
    task.encoder.merge_lora()
    for arguments in ({"rank": 0}, {"rank": 2, "alpha": -1}):
        with pytest.raises(ValueError, match="Received: "):
            task.encoder.enable_lora(**arguments)
    assert not task.encoder.lora_changes()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("frozen", ["blocks", "encoder"])
def test_a_file_keeps_what_is_frozen_and_the_optimizers_state(classifier, frozen, tmp_path):
    """Keras warns where the optimizer's state does not fit the weights that can learn."""
    if frozen == "blocks":
        classifier.encoder.freeze(1)
    else:
        classifier.encoder.trainable = False
    fit(classifier)
    classifier.save(tmp_path / "it.keras")
    loaded = keras.saving.load_model(tmp_path / "it.keras")
    assert [v.path for v in loaded.trainable_variables] == [v.path for v in classifier.trainable_variables]
    for one, two in zip(loaded.optimizer.variables, classifier.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, two)
