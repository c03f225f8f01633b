"""Position embeddings that are computed, not learned."""

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
