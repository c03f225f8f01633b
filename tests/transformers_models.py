"""Random models of transformers, and what they and ours compute, under the same names."""

import numpy as np
import torch
import transformers

import kerasbert

transformers.utils.logging.disable_progress_bar()

CLASSES = {
    "Model": kerasbert.BertEncoder,
    "ForMaskedLM": kerasbert.BertMaskedLM,
    "ForPreTraining": kerasbert.BertPretrainer,
    "ForNextSentencePrediction": kerasbert.BertNextSentencePredictor,
    "ForSequenceClassification": kerasbert.BertTextClassifier,
    "ForTokenClassification": kerasbert.BertTokenClassifier,
    "ForQuestionAnswering": kerasbert.BertQuestionAnswerer,
    "ForMultipleChoice": kerasbert.BertMultipleChoice,
}
SIZES = {
    "vocab_size": 30,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 20,
}
NAMES = {"token_ids": "input_ids", "segment_ids": "token_type_ids", "padding_mask": "attention_mask"}


def random_model(family, kind, seed=0, **fields):
    """A model with every parameter random, biases and norms too: a swapped pair of weights then shows."""
    torch.manual_seed(seed)
    config = getattr(transformers, f"{family}Config")(**fields)
    model = getattr(transformers, family + kind)(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0, 0.3)
    return model


def save(model, folder, **options):
    """Saves a model with a vocabulary of as many words."""
    model.save_pretrained(folder, **options)
    words = [f"w{i}" for i in range(model.config.vocab_size - 5)]
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))


def tokens(model, choices=None, seed=0):
    """Random ids of three rows, the last with padding."""
    random = np.random.default_rng(seed)
    config = model.config
    length = min(7, config.max_position_embeddings - 3)
    shape = (3, length) if choices is None else (3, choices, length)
    mask = np.ones(shape, "int32")
    mask[-1, ..., length - 2 :] = 0
    pad = config.pad_token_id or 0
    ids = random.integers(5, config.vocab_size, shape).astype("int32")
    segments = random.integers(0, getattr(config, "type_vocab_size", 1), shape).astype("int32")
    return {"token_ids": np.where(mask, ids, pad), "segment_ids": segments, "padding_mask": mask}


def their_outputs(model, inputs, **options):
    """Logits, or hidden states and pooled output, as numpy arrays by our names."""
    named = {NAMES[name]: torch.tensor(value).long() for name, value in inputs.items()}
    if model.config.model_type in ("distilbert", "mpnet"):
        del named["token_type_ids"]
    outputs = model(**named, **options)
    renamed = {
        "last_hidden_state": "sequence_output",
        "pooler_output": "pooled_output",
        "prediction_logits": "masked_lm",
        "seq_relationship_logits": "next_sentence",
        "sop_logits": "next_sentence",
        "start_logits": "start",
        "end_logits": "end",
    }
    return {renamed.get(name, name): value for name, value in outputs.items() if value is not None}


def our_outputs(model, inputs):
    """The same of ours."""
    outputs = model(inputs)
    return outputs if isinstance(outputs, dict) else {"logits": outputs}


def check_equal_outputs(theirs, ours, inputs, at_tokens_only=False):
    """Asserts that both compute the same to 1e-5, everywhere or where there is no padding."""
    with torch.no_grad():
        expected = their_outputs(theirs, inputs)
    found = our_outputs(ours, inputs)
    assert set(found) == set(expected)
    for name, value in found.items():
        value, wanted = np.asarray(value), expected[name].numpy()
        if at_tokens_only and value.shape[:2] == inputs["padding_mask"].shape:
            value, wanted = (x[inputs["padding_mask"] == 1] for x in (value, wanted))
        np.testing.assert_allclose(value, wanted, rtol=0, atol=1e-5, err_msg=name)


def load_strictly(family, kind, folder):
    """Loads a folder with transformers; nothing may be missing, unexpected or of another shape."""
    model, info = getattr(transformers, family + kind).from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    return model.eval()


def check_equal_tensors(model, other, but=()):
    """Asserts that two of their models hold the same bits in all tensors but some."""
    one, two = model.state_dict(), other.state_dict()
    assert set(one) == set(two)
    for name, value in one.items():
        assert name in but or torch.equal(value, two[name]), name
