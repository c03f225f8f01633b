"""captum finds the same integrated gradients of the same weights in transformers."""

import numpy as np
import pytest

from kerasbert import explain, export

TEXTS = ["what a good film!", "bad", "the film was very badly, not good"]


@pytest.mark.slow
@pytest.mark.parametrize("baseline", ["mask", "pad"])
@pytest.mark.filterwarnings("ignore")
def test_captum_agrees(random_classifier, tmp_path, baseline):
    captum = pytest.importorskip("captum.attr", reason="pip install --no-deps captum")
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    export.to_huggingface(random_classifier, tmp_path / "model")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model").eval()
    tokenizer = random_classifier.tokenizer
    stand_in = tokenizer.mask_id if baseline == "mask" else tokenizer.pad_id

    def log_odds(ids, label):
        probability = model(input_ids=ids).logits.softmax(-1)[:, label]
        return torch.log(probability / (1 - probability))

    method = captum.LayerIntegratedGradients(log_odds, model.bert.embeddings)
    for text in TEXTS:
        ids = torch.tensor(tokenizer([text])["token_ids"].numpy(), dtype=torch.long)
        special = (ids == tokenizer.cls_id) | (ids == tokenizer.sep_id)
        expected = method.attribute(
            ids, torch.where(special, ids, stand_in), additional_forward_args=(1,), n_steps=64
        )
        [found] = explain.integrated_gradients(random_classifier, [text], "good", baseline=baseline)
        shares = [token.attribution for token in found.tokens]
        assert max(map(abs, shares)) > 0.02
        np.testing.assert_allclose(shares, expected.sum(-1)[0].detach().numpy(), atol=1e-4)
