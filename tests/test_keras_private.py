"""When Keras moves: which of its private names is gone, or takes other arguments."""

import ast
import inspect
import pathlib
import re

import keras
import numpy as np
import pytest

from kerasbert import keras_private

ROOT = pathlib.Path(__file__).resolve().parents[1]
METHODS = {
    "_backend_apply_gradients": (keras.Optimizer, "self grads trainable_variables"),
    "_clip_gradients": (keras.Optimizer, "self grads"),
    "_apply_weight_decay": (keras.Optimizer, "self variables"),
    "_backend_update_step": (keras.Optimizer, "self grads trainable_variables learning_rate"),
    "_get_variable_index": (keras.Optimizer, "self variable"),
    "_use_weight_decay": (keras.Optimizer, "self variable"),
    "_update_model_variables_moving_average": (keras.Optimizer, "self trainable_variables"),
    "_untrack_variable": (keras.layers.Layer, "self variable"),
}
OF_TENSORFLOW = {
    "_all_reduce_sum_gradients": (keras.Optimizer, "self grads_and_vars"),
    "_maybe_symbolic_build": (keras.Model, "self iterator data_batch"),
}
ATTRIBUTES = {
    "_momentums",
    "_velocities",
    "_accumulated_gradients",
    "_iterations",
    "_trainable_variables",
    "_learning_rate",
    "_distribute_strategy",
    "_initial_epoch",
}
# Of TensorFlow, LiteRT and FlatBuffers.
OF_OTHERS = {"_in_multi_worker_mode", "_get_ops_details", "_tab"}


def check_signature(name, owner, parameters):
    assert hasattr(owner, name), f"Keras {keras.__version__} has no {owner.__name__}.{name}"
    found = " ".join(inspect.signature(getattr(owner, name)).parameters)
    assert found == parameters, f"Keras {keras.__version__} has {owner.__name__}.{name}({found})"


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_it_took(name):
    check_signature(name, *METHODS[name])


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_a_method_of_the_tensorflow_backend_takes_what_it_took(name):
    check_signature(name, *OF_TENSORFLOW[name])


def test_an_optimizer_holds_what_it_held():
    optimizer = keras.optimizers.AdamW(gradient_accumulation_steps=2)
    variable = keras.Variable([1.0, 2.0])
    optimizer.build([variable])
    for name in ("_momentums", "_velocities", "_accumulated_gradients", "_trainable_variables"):
        assert len(getattr(optimizer, name)) == 1, name
    assert optimizer._iterations is not optimizer.iterations
    assert keras_private.learning_rate_of(optimizer) is optimizer._learning_rate
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 3)
    assert keras_private.learning_rate_of(keras.optimizers.SGD(schedule)) is schedule


def test_the_hooks_of_an_optimizer_are_called():
    called = []

    class Hooked(keras_private.OptimizerHooks, keras.optimizers.AdamW):
        pass

    hooks = ["accumulate_and_update", "clip", "decay", "update_all"]
    for name in hooks + ["sum_over_replicas"] * (keras.backend.backend() == "tensorflow"):

        def hook(self, *args, name=name):
            called.append(name)
            return getattr(super(Hooked, self), name)(*args)

        setattr(Hooked, name, hook)
    variable = keras.Variable([1.0, 2.0])
    Hooked().apply([keras.ops.ones(2)], [variable])
    assert called[:4] == hooks
    assert called[4:] == ["sum_over_replicas"] * (keras.backend.backend() == "tensorflow")


def test_a_trainer_holds_what_it_held():
    model = keras.Sequential([keras.layers.Dense(1)])
    if keras.backend.backend() == "tensorflow":
        assert keras_private.given_strategy(model) is None
    model.compile("sgd", "mse")
    epochs = []

    class Skipping(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            keras_private.begin_with_epoch(self.model, 2)

        def on_epoch_begin(self, epoch, logs=None):
            epochs.append(epoch)

    model.fit(np.ones((1, 1)), np.ones((1, 1)), epochs=3, verbose=0, callbacks=[Skipping()])
    assert epochs == [2]


def test_a_removed_variable_is_gone():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    keras_private.remove_variable(layer, "bias")
    assert not hasattr(layer, "bias")
    assert [weight.name for weight in layer.weights] == ["kernel"]


def test_no_other_file_uses_private_names_of_keras():
    """A private name that the project defines nowhere, or that is listed above, is somebody else's."""
    trees = {
        path: ast.parse(path.read_text("utf-8"))
        for folder in ("kerasbert", "export")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "keras_private.py"
    }
    nodes = [(path, node) for path, tree in trees.items() for node in ast.walk(tree)]
    own = {node.name for _, node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.id for _, node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {n.attr for _, n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    listed = {*METHODS, *OF_TENSORFLOW, *ATTRIBUTES}
    wrong = set()
    for path, node in nodes:
        name = getattr(node, "attr", None) or getattr(node, "name", None)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):  # `getattr` takes names as strings
            name = node.value
        if not isinstance(name, str) or not re.fullmatch(r"_[a-z]\w*[a-z]", name):
            continue
        foreign = isinstance(node, ast.Attribute) and name not in own | OF_OTHERS
        if foreign or name in listed:
            wrong.add(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert not wrong


@pytest.mark.slow
def test_fit_says_that_it_validates():
    class Model(keras.Sequential):
        def evaluate(self, *args, **kwargs):
            seen.append(keras_private.is_validation_of_fit(kwargs))
            return super().evaluate(*args, **kwargs)

    seen, model, rows = [], Model([keras.layers.Dense(1)]), (np.ones((2, 1)), np.ones((2, 1)))
    model.compile(loss="mse")
    model.fit(*rows, validation_data=rows, verbose=0)
    model.evaluate(*rows, verbose=0)
    assert seen == [True, False]
