"""Embedders as people download them: small random ones in the same layouts, against transformers."""

import json

import numpy as np
import pytest

import kerasbert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
import transformers_models as models  # noqa: E402

# name -> (family, tokenizer, pooling, whether vectors are normalized)
PUBLISHED = {
    "all-mpnet-base-v2": ("MPNet", "mpnet", "mean_tokens", True),
    "paraphrase-albert-small-v2": ("Albert", "albert", "mean_tokens", False),
    "paraphrase-multilingual-mpnet-base-v2": ("XLMRoberta", "pieces", "mean_tokens", False),
    "paraphrase-multilingual-MiniLM-L12-v2": ("Bert", "pieces", "mean_tokens", False),
    "multilingual-e5-small": ("Bert", "pieces", "mean_tokens", True),
    "multilingual-e5-large": ("XLMRoberta", "pieces", "mean_tokens", True),
    "bge-m3": ("XLMRoberta", "pieces", "cls_token", True),
}
SPECIAL = {
    "mpnet": ["<s>", "<pad>", "</s>", "[UNK]"],
    "albert": ["<pad>", "<unk>", "[CLS]", "[SEP]"],
    "pieces": ["<s>", "<pad>", "</s>", "<unk>"],
}
TEXTS = ["good film", "a ``film'' of Film", "xyz, bad!"]


def tokenizer_of(kind):
    if kind == "mpnet":
        words = ["good", "film", "bad", "a", "of", *"`',!", "x", "##y", "##z"]
        return kerasbert.MPNetTokenizer([*SPECIAL[kind], *words, "<mask>"])
    pieces = [*SPECIAL[kind], "▁", *"abcdefilmos", "▁film", "▁good", "▁bad", '"']
    pieces.append("[MASK]" if kind == "albert" else "<mask>")
    tokenizer_class = kerasbert.AlbertTokenizer if kind == "albert" else kerasbert.SentencePieceTokenizer
    return tokenizer_class(pieces, [0.0] * 4 + [-3.0] * (len(pieces) - 5) + [0.0])


def saved(name, folder):
    family, kind, pooling, normalize = PUBLISHED[name]
    tokenizer = tokenizer_of(kind)
    tokenizer.save_to_folder(folder)
    sizes = models.SIZES | {"vocab_size": tokenizer.vocabulary_size, "pad_token_id": tokenizer.pad_id}
    sizes |= {"Bert": {"type_vocab_size": 2}, "Albert": {"embedding_size": 6}}.get(family, {})
    sizes |= {"type_vocab_size": 1} if family == "XLMRoberta" else {}
    sizes["max_position_embeddings"] = 40
    model = models.random_model(family, "Model", **sizes)
    model.save_pretrained(folder)
    types = ["Transformer", "Pooling", *["Normalize"] * normalize]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(types, paths, strict=False))
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    flags = {f"pooling_mode_{mode}": mode == pooling for mode in ("cls_token", "mean_tokens", "max_tokens")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 8, **flags}))


def by_transformers(name, folder):
    _, _, pooling, normalize = PUBLISHED[name]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = transformers.AutoModel.from_pretrained(folder).eval()(**inputs)[0]
    mask = inputs["attention_mask"][..., None]
    vectors = states[:, 0] if pooling == "cls_token" else (states * mask).sum(1) / mask.sum(1)
    return (torch.nn.functional.normalize(vectors) if normalize else vectors).numpy()


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", PUBLISHED)
def test_vectors_are_those_of_transformers_and_files_go_back(name, tmp_path):
    saved(name, tmp_path / "theirs")
    expected = by_transformers(name, tmp_path / "theirs")
    embedder = kerasbert.BertTextEmbedder.from_preset(tmp_path / "theirs")
    assert type(embedder.tokenizer) is type(tokenizer_of(PUBLISHED[name][1]))
    np.testing.assert_allclose(embedder.predict(TEXTS, verbose=0), expected, atol=1e-5)
    embedder.save_to_preset(tmp_path / "ours")
    np.testing.assert_allclose(by_transformers(name, tmp_path / "ours"), expected, atol=1e-6)
