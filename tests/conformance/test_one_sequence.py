import numpy as np
import pytest
from conformance_cases import LAYERS, outputs


@pytest.mark.parametrize("name", LAYERS)
def test_one_sequence_gives_what_a_batch_gives(name):
    make, inputs = LAYERS[name]
    layer = make()
    batch = outputs(layer(*inputs))
    for row in range(3):
        one = [{k: v[row] for k, v in x.items()} if isinstance(x, dict) else x[row] for x in inputs]
        for key, value in outputs(layer(*one)).items():
            np.testing.assert_allclose(value, batch[key][row], atol=1e-6)
