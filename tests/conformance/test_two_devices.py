"""Every task on two logical devices: the losses of one, to float tolerance."""

import numpy as np
import pytest
from apart import run_apart
from conformance_cases import TASKS

pytestmark = pytest.mark.tensorflow
FAST = ("BertTokenClassifier", "BertQuestionAnswerer")

# Devices are set before TensorFlow starts, so all tasks share a process of their own.
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import keras, numpy as np, tensorflow as tf
from conformance_cases import CONFIG, make_still_task, sample_texts, training_rows
from conftest import TOKENS
import kerasbert

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategies = {
    "one": tf.distribute.OneDeviceStrategy("/cpu:0"),
    "two": tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]),
}
tokenizer = kerasbert.BertTokenizer(TOKENS)
config = kerasbert.BertConfig.from_dict({**CONFIG.to_dict(), "max_sequence_length": 16})
texts = ["good film", "bad", "the film was not very good", "what a film!", "a", "not", "very bad", "good."]

def fit(name, devices, batch_size=4, optimizer=kerasbert.training.BertAdamW, **options):
    tokens, y, loss = training_rows(name, tokenizer, texts)
    keras.utils.set_random_seed(0)
    with strategies[devices].scope():
        task = make_still_task(name, config, tokenizer)
        # So small a norm that every step is clipped.
        task.compile(optimizer=optimizer(1e-2, global_clipnorm=0.1, **options), **loss)
    history = task.fit(tokens, y, batch_size=batch_size, epochs=3, shuffle=False, verbose=0)
    return task, history.history["loss"]

def fit_uneven(name, devices):
    # A last batch of three gives one device more rows than the other; only real tokens have labels.
    tokens, y, loss = training_rows(name, tokenizer, texts[:7])
    real = tokens["padding_mask"] == 1
    y = keras.tree.map_structure(lambda v: np.where(real, v, -100) if np.ndim(v) == 2 else v, y)
    keras.utils.set_random_seed(0)
    with strategies[devices].scope():
        task = make_still_task(name, config, tokenizer)
        task.compile(keras.optimizers.SGD(0.3), **loss)  # unlike Adam, it learns more from a larger gradient
    history = task.fit(tokens, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    return [*history.history["loss"], task.evaluate(tokens, y, batch_size=4, verbose=0)[0]]

def predict(name, devices):
    # An odd number of rows: one device has more of them.
    tokens = {key: value[:7] for key, value in training_rows(name, tokenizer, texts)[0].items()}
    keras.utils.set_random_seed(0)
    with strategies[devices].scope():
        task = make_still_task(name, config, tokenizer)
        task.compile()
    found = {"on_batch": task.predict_on_batch(tokens)}
    found["predict"] = task.predict(tokens, batch_size=4, verbose=0)
    if name == "BertQuestionAnswerer":
        rows, answers = sample_texts(task), [["good"]] * 4
        found["scores"] = np.array(list(task.scores(rows, answers, batch_size=2, verbose=0).values()))
        found["places"] = np.array([(a.start, a.end) for a in task.predict(rows, batch_size=3, verbose=0)])
    return [np.asarray(value).tolist() for value in keras.tree.flatten(found)]

UNEVEN = ("BertTextClassifier", "BertTokenClassifier", "BertPretrainer")
uneven = {name: {devices: fit_uneven(name, devices) for devices in strategies}
          for name in UNEVEN if name in sys.argv}
losses = {name: {devices: fit(name, devices)[1] for devices in strategies} for name in sys.argv[2:]}
weights = {}
for kind in ("BertAdamW", "BertLamb"):
    optimizer = getattr(kerasbert.training, kind)
    cases = {"large": ("one", 8, {}), "small": ("two", 4, {"gradient_accumulation_steps": 2})}
    for case, (devices, batch_size, options) in cases.items():
        task, _ = fit("BertTextClassifier", devices, batch_size, optimizer, **options)
        weights.setdefault(kind, {})[case] = [np.asarray(value).tolist() for value in task.get_weights()]
        weights[kind][f"{case}, steps"] = int(task.optimizer.iterations)
predictions = {name: {devices: predict(name, devices) for devices in strategies} for name in sys.argv[2:]}
print(json.dumps({"predictions": predictions, "losses": losses, "weights": weights, "uneven": uneven}))
"""


@pytest.fixture(scope="module")
def found():
    return run_apart(SCRIPT, *FAST)


@pytest.mark.parametrize("name", FAST)
def test_two_devices_train_as_one(name, found):
    learned_alike(found["losses"][name])


@pytest.mark.parametrize("name", FAST)
def test_two_devices_answer_as_one(name, found):
    answer_alike(found["predictions"][name])


@pytest.mark.slow
def test_two_devices_train_other_tasks_as_one():
    found = run_apart(SCRIPT, *(name for name in TASKS if name not in FAST))
    assert len(found["losses"]) == len(found["predictions"]) == len(TASKS) - len(FAST)
    assert len(found["uneven"]) == 2
    for each in [*found["losses"].values(), *found["uneven"].values()]:
        learned_alike(each)
    for each in found["predictions"].values():
        answer_alike(each)


def answer_alike(predictions):
    for one, two in zip(predictions["one"], predictions["two"], strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)


def learned_alike(losses):
    assert losses["one"][-1] < losses["one"][0]
    np.testing.assert_allclose(losses["two"], losses["one"], rtol=1e-4)


def test_labels_count_alike_on_whatever_device_they_are(found):
    losses = found["uneven"]["BertTokenClassifier"]
    assert losses["one"][-1] < losses["one"][0]
    np.testing.assert_allclose(losses["two"], losses["one"], rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["BertAdamW", "BertLamb"])
def test_accumulated_on_two_devices_a_batch_is_a_large_one(optimizer, found):
    weights = found["weights"][optimizer]
    assert weights["large, steps"] == weights["small, steps"] == 3
    for one, two in zip(weights["large"], weights["small"], strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)
