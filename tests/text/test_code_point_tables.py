import numpy as np
import pytest
import tensorflow as tf

from kerasbert.text.code_point_tables import PAGE, paged, row_of


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_each_code_point_finds_its_row_and_equal_pages_are_stored_once(shape, dtype):
    pages = np.random.default_rng(0).integers(0, 250, (4, PAGE, *shape)).astype(dtype)
    table = pages[[2, 0, 0, 3, 2, 1, 0]].reshape(-1, *shape)
    starts, rows = paged(table)
    assert rows.shape == (4 * PAGE, *shape)
    assert (rows.dtype, starts.dtype) == (table.dtype, np.int32)
    found = rows[row_of(tf.range(len(table)), starts)]
    np.testing.assert_array_equal(found, table)
