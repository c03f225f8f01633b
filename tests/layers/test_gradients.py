import gc

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

import kerasbert
from kerasbert.layers.gradients import with_gradient

pytestmark = pytest.mark.tensorflow


@with_gradient
def product(x, y):
    return x * y, lambda upstream: (upstream * 10, upstream * 100)


@pytest.mark.parametrize("decorate", [lambda function: function, tf.function], ids=["eager", "graph"])
def test_the_gradient_is_the_written_one(decorate):
    x, y = tf.constant([2.0, 3.0]), tf.constant([5.0, 7.0])

    @decorate
    def both():
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            result = product(x, y)
        return result, *tape.gradient(result, [x, y])

    np.testing.assert_array_equal(both(), [[10, 21], [10, 10], [100, 100]])


def test_widths_are_known_in_a_graph_of_any_length():
    @tf.function(input_signature=[tf.TensorSpec([None, None, 4])])
    def shape(x):
        return tf.constant(product(x, x).shape[-1])

    assert shape(tf.ones([1, 2, 4])) == 4


def test_a_fit_leaves_no_graph(config, tokenizer):
    def graphs():
        task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
        task.compile()
        task.fit(["a good film", "bad"], [1, 0], verbose=0)
        task.predict(["what"], verbose=0)
        del task
        gc.collect()
        return sum(issubclass(type(thing), FuncGraph) for thing in gc.get_objects())

    assert graphs() == graphs()  # the first leaves the graphs of gradients
