"""Every task trains, tests and predicts on one batch, after `compile` with its defaults."""

import keras
import numpy as np
import pytest
from conformance_cases import DIVERSE, make_still_task, slow_but, training_rows


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_batches_one_by_one(name, config, tokenizer, texts):
    tokens, y, options = training_rows(name, tokenizer, texts)
    task = make_still_task(name, config, tokenizer)
    task.compile(run_eagerly=True, **options)  # quick
    before = task.test_on_batch(tokens, y, return_dict=True)["loss"]
    for _ in range(3):
        task.train_on_batch(tokens, y)
    after = task.test_on_batch(tokens, y, return_dict=True)["loss"]
    assert after < before
    assert int(task.optimizer.iterations) == 3
    found, called = task.predict_on_batch(tokens), task(tokens)
    for one, two in zip(keras.tree.flatten(found), keras.tree.flatten(called), strict=True):
        assert isinstance(one, np.ndarray)
        np.testing.assert_allclose(one, keras.ops.convert_to_numpy(two), atol=1e-5)
