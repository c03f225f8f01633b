"""Positions that are computed: sinusoidal embeddings, and buckets of distances."""

import numpy as np


def sinusoidal_positions(rows: int, dim: int) -> np.ndarray:
    """Position embeddings that alternate between sines and cosines of geometrically decreasing frequencies.

    Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762.

    Args:
        rows: int, the number of positions.
        dim: int, E, the width of an embedding.

    Returns:
        float32 array `(rows, E)`.

    Example:

    >>> sinusoidal_positions(2, 4).round(2).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.8399999737739563, 0.5400000214576721, 0.009999999776482582, 1.0]]
    """
    angles = np.arange(rows)[:, None] / 10000.0 ** (2 * (np.arange(dim) // 2) / dim)
    return np.where(np.arange(dim) % 2, np.cos(angles), np.sin(angles)).astype("float32")


# Larger distances share the last bucket.
_FARTHEST = 128


def relative_buckets(num_buckets: int, reach: int) -> np.ndarray:
    """The bucket of each distance from one token to another.

    Raffel et al. 2020, section 2.1, https://arxiv.org/abs/1910.10683, as in MPNet. Half of the buckets are
    for tokens on the right. Small distances have a bucket each, and larger ones share buckets whose width
    grows with the logarithm of the distance.

    Args:
        num_buckets: int.
        reach: int, the largest distance.

    Returns:
        int32 array `(2 * reach + 1,)`, from `-reach`, for a token on the left, to `reach`.

    Example:

    >>> relative_buckets(8, 3).tolist()
    [2, 2, 1, 0, 5, 6, 6]
    """
    distances = np.arange(-reach, reach + 1)
    of_side, exact = num_buckets // 2, num_buckets // 4
    steps = np.abs(distances).astype("float32")  # in single precision, like the models' own code
    far = np.log(np.maximum(steps, 1) / exact) / np.float32(np.log(_FARTHEST / exact)) * (of_side - exact)
    far = np.minimum(exact + far.astype("int32"), of_side - 1)
    buckets = np.where(steps < exact, steps.astype("int32"), far)
    return (buckets + of_side * (distances > 0)).astype("int32")
