import dataclasses

import pytest

from kerasbert import BertConfig
from kerasbert.config import ACTIVATIONS
from kerasbert.layers.activations import BY_NAME


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_heads", 7),
        ("num_layers", 0),
        ("hidden_dim", 12.0),
        ("vocabulary_size", True),
        ("activation", "gelu_new"),
        ("hidden_dropout", 1.0),
        ("attention_dropout", -0.1),
        ("layer_norm_epsilon", 0),
        ("initializer_range", float("nan")),
    ],
)
def test_a_bad_field_is_named_with_its_value(field, value):
    with pytest.raises(ValueError, match=rf"`{field}`.*Received: {field}={value!r}"):
        BertConfig(**{field: value})


def test_the_error_has_four_parts():
    with pytest.raises(ValueError, match="num_heads") as caught:
        BertConfig(num_heads=7, hidden_dim=64)
    assert str(caught.value) == (
        "`num_heads` must divide `hidden_dim` exactly. Received: num_heads=7, hidden_dim=64. "
        "In: BertConfig. Choose a divisor, such as 4 or 8."
    )


def test_an_unknown_field_is_an_error():
    with pytest.raises(ValueError, match="hidden_size"):
        BertConfig.from_dict({"hidden_size": 8})


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BertConfig().num_layers = 3


def test_config_and_layers_know_the_same_activations():
    assert set(ACTIVATIONS) == set(BY_NAME)
