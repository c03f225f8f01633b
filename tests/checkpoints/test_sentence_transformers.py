"""sentence-transformers folders, in and out."""

import json

import numpy as np
import pytest

import kerasbert
from kerasbert import export


@pytest.fixture
def folder(config, tokenizer, tmp_path):
    """A sentence-transformers folder, as version 2 and later write it."""
    folder = tmp_path / "theirs"
    kerasbert.BertEncoder(config).save_to_preset(folder, tokenizer)
    modules = [
        ("", "sentence_transformers.models.Transformer"),
        ("1_Pooling", "sentence_transformers.models.Pooling"),
        ("2_Normalize", "sentence_transformers.models.Normalize"),
    ]
    write_modules(folder, modules)
    (folder / "1_Pooling").mkdir()
    write_pooling(folder, pooling_mode_mean_tokens=True)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}))
    return folder


def write_modules(folder, modules):
    listed = [{"idx": i, "name": str(i), "path": p, "type": t} for i, (p, t) in enumerate(modules)]
    (folder / "modules.json").write_text(json.dumps(listed))


def write_pooling(folder, **modes):
    flags = dict.fromkeys(
        ("pooling_mode_cls_token", "pooling_mode_mean_tokens", "pooling_mode_max_tokens"), False
    )
    content = {"word_embedding_dimension": 8, **flags, **modes}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(content))


TEXTS = ["good film", "what a film, was it not very bad?", ""]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize("normalize", [True, False])
def test_the_modules_say_what_is_computed(folder, pooling, normalize):
    name = "pooling_mode_cls_token" if pooling == "cls" else f"pooling_mode_{pooling}_tokens"
    write_pooling(folder, **{"pooling_mode_mean_tokens": False, name: True})
    if not normalize:
        modules = json.loads((folder / "modules.json").read_text())[:2]
        (folder / "modules.json").write_text(json.dumps(modules))
    embedder = kerasbert.BertTextEmbedder.from_preset(folder)
    assert (embedder.pooling, embedder.normalize, embedder.max_sequence_length) == (pooling, normalize, 12)
    for text, found in zip(TEXTS, embedder.predict(TEXTS, verbose=0), strict=True):
        vectors = np.asarray(embedder.encoder(embedder.tokenizer([text]))["sequence_output"])[0]
        expected = {"mean": vectors.mean(0), "cls": vectors[0], "max": vectors.max(0)}[pooling]
        if normalize:
            expected = expected / np.linalg.norm(expected)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_older_folder_has_the_transformer_in_a_subfolder(folder, tmp_path):
    old = tmp_path / "old"
    (old / "0_Transformer").mkdir(parents=True)
    for path in folder.iterdir():
        path.rename(
            old / (path.name if path.name in ("modules.json", "1_Pooling") else f"0_Transformer/{path.name}")
        )
    modules = json.loads((old / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (old / "modules.json").write_text(json.dumps(modules))
    embedder = kerasbert.BertTextEmbedder.from_preset(old)
    assert (embedder.pooling, embedder.max_sequence_length) == ("mean", 12)
    assert kerasbert.BertEncoder.from_preset(old).config == embedder.encoder.config


def test_other_tasks_take_the_encoder_at_its_full_length(folder):
    task = kerasbert.BertTextClassifier.from_preset(folder, labels=["bad", "good"])
    assert task.max_sequence_length == 16


def test_a_folder_of_version_6(folder):
    modules = [
        ("", "sentence_transformers.base.modules.transformer.Transformer"),
        ("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"),
        ("2_Normalize", "sentence_transformers.base.modules.normalize.Normalize"),
    ]
    write_modules(folder, modules)
    (folder / "1_Pooling" / "config.json").write_text('{"embedding_dimension": 8, "pooling_mode": "max"}')
    (folder / "sentence_bert_config.json").write_text('{"transformer_task": "feature-extraction"}')
    tokenizer_config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config | {"model_max_length": 11}))
    embedder = kerasbert.BertTextEmbedder.from_preset(folder)
    assert (embedder.pooling, embedder.normalize, embedder.max_sequence_length) == ("max", True, 11)


def test_modules_that_we_lack_are_errors(folder):
    write_pooling(folder, pooling_mode_mean_tokens=True, pooling_mode_max_tokens=True)
    with pytest.raises(ValueError, match=r"must pool in one of these ways: mean, cls, max.*'mean', 'max'"):
        kerasbert.BertTextEmbedder.from_preset(folder)
    write_modules(
        folder,
        [("", "sentence_transformers.models.Transformer"), ("2_Dense", "sentence_transformers.models.Dense")],
    )
    with pytest.raises(ValueError, match="type='Dense'"):
        kerasbert.BertTextEmbedder.from_preset(folder)
    kerasbert.BertEncoder.from_preset(folder)  # its encoder is an encoder all the same
    (folder / "modules.json").write_text('{"a": 1}')
    with pytest.raises(ValueError, match="must hold one JSON array"):
        kerasbert.BertTextEmbedder.from_preset(folder)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(("pooling", "normalize"), [("mean", True), ("cls", False), ("max", True)])
def test_there_and_back(config, tokenizer, tmp_path, pooling, normalize):
    encoder = kerasbert.BertEncoder(config)
    embedder = kerasbert.BertTextEmbedder(encoder, tokenizer, pooling, normalize, max_sequence_length=15)
    export.to_huggingface(embedder, tmp_path / "it")
    again = kerasbert.BertTextEmbedder.from_preset(tmp_path / "it")
    assert (again.pooling, again.normalize, again.max_sequence_length) == (pooling, normalize, 15)
    np.testing.assert_array_equal(again.predict(TEXTS, verbose=0), embedder.predict(TEXTS, verbose=0))


def test_minilm_embeds_as_its_reference(minilm, shared_models):
    reference = np.load(shared_models / "all-MiniLM-L6-v2-reference" / "reference.npz")
    embedder = kerasbert.BertTextEmbedder.from_preset(minilm)
    assert (embedder.pooling, embedder.normalize, embedder.max_sequence_length) == ("mean", True, 256)
    names = {"token_ids": "input_ids", "segment_ids": "token_type_ids", "padding_mask": "attention_mask"}
    found = embedder({ours: reference[theirs] for ours, theirs in names.items()})
    mask = reference["attention_mask"][..., None]
    hidden = reference[max((n for n in reference if n.startswith("hidden_")), key=lambda n: int(n[7:]))]
    expected = (hidden * mask).sum(1) / mask.sum(1)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=-1, keepdims=True), atol=1e-5)
