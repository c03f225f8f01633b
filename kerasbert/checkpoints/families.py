"""Hugging Face's names for the weights and config fields of BERT and its relatives, one record per family."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Family:
    """The names of one architecture in Hugging Face's files.

    Args:
        model_type: str, as in `config.json`.
        classes: str, the beginning of the names of its classes.
        prefix: str, the prefix of the encoder's tensors in a model with a head.
        fields: dict, their config field -> ours.
        fixed: dict, the fields of our config that have a fixed value in this family.
        layers: dict, our path of a layer -> theirs, with `{i}` for the number of a block.
        heads: dict, head -> dict of our path of a layer or weight -> theirs.
        dropouts: dict, head -> the config field with its dropout rate. If that field is None, the rate is
            `hidden_dropout`.
        required: dict, their config field -> the only value that kerasbert has.
        decoder: str or None, the last layer of the masked language model. If weights are tied, its weights
            repeat the token embedding and the head's bias.
    """

    model_type: str
    classes: str
    prefix: str
    fields: dict[str, str]
    fixed: dict[str, Any]
    layers: dict[str, str]
    heads: dict[str, dict[str, str]]
    dropouts: Mapping[str, str | None]
    required: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    decoder: str | None = None


# The end of a class name, after the name of the family -> its heads. kerasbert has no others.
HEADS_OF_CLASS = {
    "Model": (),
    "ForMaskedLM": ("masked_lm",),
    "ForPreTraining": ("masked_lm", "next_sentence"),
    "ForNextSentencePrediction": ("next_sentence",),
    "ForSequenceClassification": ("classification",),
    "ForTokenClassification": ("token_classification",),
    "ForQuestionAnswering": ("span",),
    "ForMultipleChoice": ("multiple_choice",),
}

_BERT_FIELDS = {
    "vocab_size": "vocabulary_size",
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "hidden_size": "hidden_dim",
    "intermediate_size": "intermediate_dim",
    "max_position_embeddings": "max_sequence_length",
    "type_vocab_size": "num_segments",
    "hidden_act": "activation",
    "layer_norm_eps": "layer_norm_epsilon",
    "hidden_dropout_prob": "hidden_dropout",
    "attention_probs_dropout_prob": "attention_dropout",
    "initializer_range": "initializer_range",
}
_EMBEDDINGS = {
    "encoder/embeddings/token_embedding": "embeddings.word_embeddings",
    "encoder/embeddings/segment_embedding": "embeddings.token_type_embeddings",
    "encoder/embeddings/position_embedding": "embeddings.position_embeddings",
    "encoder/embeddings/layer_norm": "embeddings.LayerNorm",
}
_BLOCK = {
    "encoder/block_{i}/attention/query": "encoder.layer.{i}.attention.self.query",
    "encoder/block_{i}/attention/key": "encoder.layer.{i}.attention.self.key",
    "encoder/block_{i}/attention/value": "encoder.layer.{i}.attention.self.value",
    "encoder/block_{i}/attention/output": "encoder.layer.{i}.attention.output.dense",
    "encoder/block_{i}/attention_norm": "encoder.layer.{i}.attention.output.LayerNorm",
    "encoder/block_{i}/feed_forward/intermediate": "encoder.layer.{i}.intermediate.dense",
    "encoder/block_{i}/feed_forward/output": "encoder.layer.{i}.output.dense",
    "encoder/block_{i}/feed_forward_norm": "encoder.layer.{i}.output.LayerNorm",
}
_POOLER = {"encoder/pooler/dense": "pooler.dense"}
_TOKEN_HEADS = {
    "token_classification": {"token_classification/logits": "classifier"},
    "span": {"span/logits": "qa_outputs"},
}
_CLASSIFIER_DROPOUTS = dict.fromkeys(
    ("classification", "token_classification", "multiple_choice"), "classifier_dropout"
)

BERT = Family(
    model_type="bert",
    classes="Bert",
    prefix="bert.",
    fields=_BERT_FIELDS,
    fixed={},
    layers=_EMBEDDINGS | _BLOCK | _POOLER,
    heads={
        "masked_lm": {
            "masked_lm/dense": "cls.predictions.transform.dense",
            "masked_lm/layer_norm": "cls.predictions.transform.LayerNorm",
            "masked_lm/output_bias": "cls.predictions.bias",
        },
        "next_sentence": {"next_sentence/logits": "cls.seq_relationship"},
        "classification": {"classification/logits": "classifier"},
        "multiple_choice": {"multiple_choice/logits": "classifier"},
        **_TOKEN_HEADS,
    },
    dropouts=_CLASSIFIER_DROPOUTS,
    decoder="cls.predictions.decoder",
)
ROBERTA = Family(
    model_type="roberta",
    classes="Roberta",
    prefix="roberta.",
    fields=_BERT_FIELDS,
    fixed={},
    layers=_EMBEDDINGS | _BLOCK | _POOLER,
    heads={
        "masked_lm": {
            "masked_lm/dense": "lm_head.dense",
            "masked_lm/layer_norm": "lm_head.layer_norm",
            "masked_lm/output_bias": "lm_head.bias",
        },
        # The dense layer with tanh, which is in the pooler in other families, is part of the head here.
        "classification": {
            "encoder/pooler/dense": "classifier.dense",
            "classification/logits": "classifier.out_proj",
        },
        "multiple_choice": {"multiple_choice/logits": "classifier"},
        **_TOKEN_HEADS,
    },
    dropouts=_CLASSIFIER_DROPOUTS,
    decoder="lm_head.decoder",
)
# RoBERTa for 100 languages, with another tokenizer (Conneau et al. 2020).
XLM_ROBERTA = dataclasses.replace(ROBERTA, model_type="xlm-roberta", classes="XLMRoberta")
DISTILBERT = Family(
    model_type="distilbert",
    classes="DistilBert",
    prefix="distilbert.",
    fields={
        "vocab_size": "vocabulary_size",
        "n_layers": "num_layers",
        "n_heads": "num_heads",
        "dim": "hidden_dim",
        "hidden_dim": "intermediate_dim",
        "max_position_embeddings": "max_sequence_length",
        "activation": "activation",
        "dropout": "hidden_dropout",
        "attention_dropout": "attention_dropout",
        "initializer_range": "initializer_range",
    },
    fixed={"num_segments": 0, "pooler_activation": "relu", "layer_norm_epsilon": 1e-12},
    layers={
        **_EMBEDDINGS,
        "encoder/block_{i}/attention/query": "transformer.layer.{i}.attention.q_lin",
        "encoder/block_{i}/attention/key": "transformer.layer.{i}.attention.k_lin",
        "encoder/block_{i}/attention/value": "transformer.layer.{i}.attention.v_lin",
        "encoder/block_{i}/attention/output": "transformer.layer.{i}.attention.out_lin",
        "encoder/block_{i}/attention_norm": "transformer.layer.{i}.sa_layer_norm",
        "encoder/block_{i}/feed_forward/intermediate": "transformer.layer.{i}.ffn.lin1",
        "encoder/block_{i}/feed_forward/output": "transformer.layer.{i}.ffn.lin2",
        "encoder/block_{i}/feed_forward_norm": "transformer.layer.{i}.output_layer_norm",
    },
    heads={
        "masked_lm": {
            "masked_lm/dense": "vocab_transform",
            "masked_lm/layer_norm": "vocab_layer_norm",
            "masked_lm/output_bias": "vocab_projector.bias",
        },
        "classification": {
            "encoder/pooler/dense": "pre_classifier",
            "classification/logits": "classifier",
        },
        "multiple_choice": {
            "encoder/pooler/dense": "pre_classifier",
            "multiple_choice/logits": "classifier",
        },
        **_TOKEN_HEADS,
    },
    dropouts={"classification": "seq_classif_dropout", "multiple_choice": "seq_classif_dropout"},
    decoder="vocab_projector",
)
ELECTRA = Family(
    model_type="electra",
    classes="Electra",
    prefix="electra.",
    fields=_BERT_FIELDS | {"embedding_size": "embedding_dim"},
    fixed={"pooler_activation": "gelu"},
    layers=_EMBEDDINGS | _BLOCK | {"encoder/embeddings/projection": "embeddings_project"},
    heads={
        "classification": {
            "encoder/pooler/dense": "classifier.dense",
            "classification/logits": "classifier.out_proj",
        },
        **_TOKEN_HEADS,
    },
    dropouts=_CLASSIFIER_DROPOUTS,
)
# RoBERTa with relative positions (Song et al. 2020), whose own code has 32 buckets whatever the config says.
MPNET = dataclasses.replace(
    ROBERTA,
    model_type="mpnet",
    classes="MPNet",
    prefix="mpnet.",
    fields={theirs: ours for theirs, ours in _BERT_FIELDS.items() if ours != "num_segments"}
    | {"relative_attention_num_buckets": "relative_position_buckets"},
    fixed={"num_segments": 0, "relative_position_buckets": 32},
    layers=_EMBEDDINGS
    | _BLOCK
    | _POOLER
    | {
        "encoder/embeddings/relative_position_embedding": "encoder.relative_attention_bias",
        "encoder/block_{i}/attention/query": "encoder.layer.{i}.attention.attn.q",
        "encoder/block_{i}/attention/key": "encoder.layer.{i}.attention.attn.k",
        "encoder/block_{i}/attention/value": "encoder.layer.{i}.attention.attn.v",
        "encoder/block_{i}/attention/output": "encoder.layer.{i}.attention.attn.o",
        "encoder/block_{i}/attention_norm": "encoder.layer.{i}.attention.LayerNorm",
    },
    dropouts={},
    required={"relative_attention_num_buckets": 32, "pad_token_id": 1},
)
_SHARED_BLOCK = "encoder.albert_layer_groups.0.albert_layers.0"
ALBERT = Family(
    model_type="albert",
    classes="Albert",
    prefix="albert.",
    fields=_BERT_FIELDS | {"embedding_size": "embedding_dim"},
    fixed={"shared_blocks": True},
    layers={
        **_EMBEDDINGS,
        "encoder/embeddings/projection": "encoder.embedding_hidden_mapping_in",
        "encoder/block_{i}/attention/query": f"{_SHARED_BLOCK}.attention.query",
        "encoder/block_{i}/attention/key": f"{_SHARED_BLOCK}.attention.key",
        "encoder/block_{i}/attention/value": f"{_SHARED_BLOCK}.attention.value",
        "encoder/block_{i}/attention/output": f"{_SHARED_BLOCK}.attention.dense",
        "encoder/block_{i}/attention_norm": f"{_SHARED_BLOCK}.attention.LayerNorm",
        "encoder/block_{i}/feed_forward/intermediate": f"{_SHARED_BLOCK}.ffn",
        "encoder/block_{i}/feed_forward/output": f"{_SHARED_BLOCK}.ffn_output",
        "encoder/block_{i}/feed_forward_norm": f"{_SHARED_BLOCK}.full_layer_layer_norm",
        "encoder/pooler/dense": "pooler",
    },
    heads={
        "masked_lm": {
            "masked_lm/dense": "predictions.dense",
            "masked_lm/layer_norm": "predictions.LayerNorm",
            "masked_lm/output_bias": "predictions.bias",
        },
        # Which of two sentences came first: the same classes as for the next sentence.
        "next_sentence": {"next_sentence/logits": "sop_classifier.classifier"},
        "classification": {"classification/logits": "classifier"},
        "multiple_choice": {"multiple_choice/logits": "classifier"},
        **_TOKEN_HEADS,
    },
    dropouts=dict.fromkeys(_CLASSIFIER_DROPOUTS, "classifier_dropout_prob"),
    required={"num_hidden_groups": 1, "inner_group_num": 1},
    decoder="predictions.decoder",
)
BY_MODEL_TYPE = {
    family.model_type: family for family in (BERT, ROBERTA, XLM_ROBERTA, MPNET, DISTILBERT, ELECTRA, ALBERT)
}
ROBERTAS = (ROBERTA, XLM_ROBERTA, MPNET)
