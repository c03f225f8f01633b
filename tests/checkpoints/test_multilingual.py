"""XLM-R, and BERT with a SentencePiece tokenizer, like multilingual E5: transformers and back."""

import numpy as np
import pytest

import kerasbert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
import transformers_models as models  # noqa: E402

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *"abcdefilmos",
    "▁film",
    "▁good",
    "▁電",
    "影",
    "▁de",
    "<mask>",
]
TEXTS = ["good film", "電影 de film", "xyz, bad"]


def saved(family, kind, folder):
    """A random model of transformers with a tokenizer beside it."""
    tokenizer = kerasbert.SentencePieceTokenizer(PIECES, [0.0] * 4 + [-3.0] * (len(PIECES) - 5) + [0.0])
    tokenizer.save_to_folder(folder)
    sizes = models.SIZES | {"vocab_size": len(PIECES), "pad_token_id": 1, "type_vocab_size": 2}
    if family == "XLMRoberta":
        sizes |= {"type_vocab_size": 1}
    model = models.random_model(family, kind, **sizes)
    model.save_pretrained(folder)
    return model


def by_transformers(model, folder, texts):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs)[0].numpy(), inputs["attention_mask"].numpy()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("family", ["XLMRoberta", "Bert"])
def test_embeddings_are_those_of_transformers_and_files_go_back(family, tmp_path):
    model = saved(family, "Model", tmp_path / "theirs")
    states, mask = by_transformers(model, tmp_path / "theirs", TEXTS)
    embedder = kerasbert.BertTextEmbedder.from_preset(tmp_path / "theirs", pooling="mean", normalize=False)
    expected = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    np.testing.assert_allclose(embedder.predict(TEXTS, verbose=0), expected, atol=1e-5)

    embedder.save_to_preset(tmp_path / "ours")
    again = transformers.AutoModel.from_pretrained(tmp_path / "ours").eval()
    assert type(again) is type(model)
    np.testing.assert_array_equal(by_transformers(again, tmp_path / "ours", TEXTS)[0], states)
    loaded = kerasbert.BertTextEmbedder.from_preset(tmp_path / "ours")
    assert loaded.tokenizer.get_config() == embedder.tokenizer.get_config()


@pytest.mark.slow
def test_a_masked_language_model_of_xlm_r(tmp_path):
    model = saved("XLMRoberta", "ForMaskedLM", tmp_path)
    task = kerasbert.BertMaskedLM.from_preset(tmp_path)
    models.check_equal_outputs(model, task, models.tokens(model), at_tokens_only=True)
    assert len(task.fill_masks(["a <mask> film"])[0]) == 1
