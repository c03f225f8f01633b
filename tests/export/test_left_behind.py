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


@pytest.mark.parametrize(("name", "frozen"), [(name, False) for name in EXPORTS] + [("model.tflite", True)])
def test_an_export_leaves_no_graphs_to_the_collector(name, frozen, trained, tmp_path):
    gc.unfreeze()
    gc.collect()
    if frozen:
        gc.freeze()
    gc.disable()
    try:
        # The first may leave what others use again.
        EXPORTS[name](trained, tmp_path / name)
        before = graphs()
        EXPORTS[name](trained, tmp_path / name)
        assert graphs() == before
    finally:
        gc.enable()


def test_somebody_elses_frozen_objects_stay_frozen(trained, tmp_path):
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        EXPORTS["model.tflite"](trained, tmp_path / "model.tflite")
        assert 0 < gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()
