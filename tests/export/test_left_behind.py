import gc

import pytest
from tensorflow.python.framework.func_graph import FuncGraph

from kerasbert import export

EXPORTS = {
    "model": lambda task, path: export.to_saved_model(task, path, verify=False),
    "model.onnx": lambda task, path: export.to_onnx(task, path, verify=False),
    "model.tflite": lambda task, path: export.to_tflite(task, path, verify=False),
}


def graphs():
    return sum(issubclass(type(thing), FuncGraph) for thing in gc.get_objects())


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_leaves_no_graphs_to_the_collector(name, trained, tmp_path):
    gc.disable()
    try:
        # The first may leave what others use again.
        EXPORTS[name](trained, tmp_path / name)
        gc.freeze()
        before, frozen = graphs(), gc.get_freeze_count()
        EXPORTS[name](trained, tmp_path / name)
        assert graphs() == before
        # How a process collects garbage is its own affair: nothing new is frozen, nothing thawed.
        assert 0 < gc.get_freeze_count() <= frozen
        assert not gc.isenabled()
    finally:
        gc.enable()
