import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import make_task

pytestmark = pytest.mark.tensorflow
RULE = "must be whole numbers from 0 to"


@pytest.fixture(scope="module")
def task(config, tokenizer):
    task = make_task("BertTextClassifier", config, tokenizer)
    task.compile()
    return task


def bad_tokens(task, name, number):
    tokens = {key: value.numpy() for key, value in task.tokenizer(["good film", "bad"]).items()}
    tokens[name][1, 1] = number
    return tokens


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("name", "number"), [("token_ids", -1), ("token_ids", 19), ("segment_ids", -1)])
def test_ids_without_a_row_are_refused_on_every_path(name, number, task):
    """Keras counts negative ones from the table's end, and GPUs read zeros beyond it."""
    tokens, y = bad_tokens(task, name, number), [0, 1]
    before = [np.asarray(weight) for weight in task.weights]
    for call in (task.fit, task.evaluate, lambda x, y: task.predict(x)):
        with pytest.raises(ValueError, match=f"`{name}` {RULE}"):
            call(tokens, y)
    rows = tf.data.Dataset.from_tensor_slices((tokens, y)).batch(2)
    for call in (task.fit, task.evaluate, lambda x: task.predict(x.map(lambda tokens, y: tokens))):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"`{name}` {RULE}"):
            call(rows)
    for call in (task, task.predict_on_batch, task.encoder, lambda x: task.train_on_batch(x, np.array(y))):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"is not in \[0, (19|2)\)"):
            call(tokens)
    for weight, value in zip(task.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_other_integers_are_ids_too(task):
    tokens = bad_tokens(task, "token_ids", 3)
    expected = task.predict(tokens, verbose=0)
    for dtype in ("int64", "int16", "uint8"):
        found = task({name: value.astype(dtype) for name, value in tokens.items()})
        np.testing.assert_allclose(task.answers(found)["probabilities"], expected, atol=1e-6)
