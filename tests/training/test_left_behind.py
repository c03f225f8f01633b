import gc

import pytest
from tensorflow.python.framework.func_graph import FuncGraph

import kerasbert

pytestmark = pytest.mark.tensorflow


@pytest.mark.slow
def test_a_fit_leaves_no_graph(config, tokenizer):
    def graphs():
        task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
        task.compile()
        task.fit(["a good film", "bad"], [1, 0], verbose=0)
        task.predict(["what"], verbose=0)
        del task
        gc.collect()
        return sum(issubclass(type(thing), FuncGraph) for thing in gc.get_objects())

    assert graphs() == graphs()  # the first may leave what later ones use again
