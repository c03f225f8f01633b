import numpy as np
import pytest
from conformance_cases import LAYERS, TASKS, make_task, outputs, training_rows


@pytest.mark.parametrize("name", LAYERS)
def test_one_sequence_gives_what_a_batch_gives(name):
    make, inputs = LAYERS[name]
    layer = make()
    batch = outputs(layer(*inputs))
    for row in range(3):
        one = [{k: v[row] for k, v in x.items()} if isinstance(x, dict) else x[row] for x in inputs]
        for key, value in outputs(layer(*one)).items():
            np.testing.assert_allclose(value, batch[key][row], atol=1e-6)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", TASKS)
def test_a_task_answers_one_sequence_as_in_a_batch(name, config, tokenizer, texts):
    task = make_task(name, config, tokenizer)
    tokens = training_rows(name, tokenizer, texts)[0]
    batch = outputs(task(tokens))
    for row in range(len(tokens["token_ids"])):
        for key, value in outputs(task({k: v[row] for k, v in tokens.items()})).items():
            np.testing.assert_allclose(value, batch[key][row], atol=1e-5)
