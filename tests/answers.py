"""What `predict` returns, compared: numbers but for rounding, all else exactly."""

import numpy as np


def same_answers(found, expected):
    """Compares what two `predict` returned: arrays, or lists of lists and of records of str and numbers."""
    if isinstance(expected, str):
        assert found == expected
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same_answers(one, other)
    elif hasattr(expected, "__dataclass_fields__"):
        same_answers(list(vars(found).values()), list(vars(expected).values()))
    else:
        np.testing.assert_allclose(found, expected, atol=1e-5)
