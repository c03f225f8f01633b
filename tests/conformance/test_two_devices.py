"""Every task on two logical devices: the losses of one, to float tolerance."""

import numpy as np
import pytest
from apart import run_apart
from conformance_cases import TASKS

pytestmark = pytest.mark.tensorflow

# Devices are set before TensorFlow starts, so each test has a process of its own.
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import keras, numpy as np, tensorflow as tf
from conformance_cases import TASK_CONFIG, make_still_task, sample_texts, training_rows
from conftest import TOKENS
import kerasbert

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategies = {
    "one": tf.distribute.OneDeviceStrategy("/cpu:0"),
    "two": tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]),
}
tokenizer = kerasbert.BertTokenizer(TOKENS)
config = kerasbert.BertConfig.from_dict({**TASK_CONFIG.to_dict(), "max_sequence_length": 16})
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

def losses(name, devices):
    return fit(name, devices)[1]

def losses_of_uneven_batches(name, devices):
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

def accumulate(optimizer, devices):
    kind = getattr(kerasbert.training, optimizer)
    options = {"gradient_accumulation_steps": 2} if devices == "two" else {}
    task, _ = fit("BertTextClassifier", devices, 4 if options else 8, kind, **options)
    assert int(task.optimizer.iterations) == 3
    return [np.asarray(value).tolist() for value in task.get_weights()]

measure, *names = sys.argv[2:]
measure = globals()[measure]
print(json.dumps({name: {devices: measure(name, devices) for devices in strategies} for name in names}))
"""


def both(measure, *names):
    """What a function of the script returns for each name, on one device and on two."""
    found = run_apart(SCRIPT, measure, *names)
    assert list(found) == list(names)
    return [(each["one"], each["two"]) for each in found.values()]


def learn_alike(losses, rtol):
    for one, two in losses:
        assert one[-1] < one[0]
        np.testing.assert_allclose(two, one, rtol=rtol)


def test_labels_count_alike_on_whatever_device_they_are():
    learn_alike(both("losses_of_uneven_batches", "BertTokenClassifier"), rtol=1e-5)


@pytest.mark.slow
def test_labels_of_other_tasks():
    learn_alike(both("losses_of_uneven_batches", "BertTextClassifier", "BertPretrainer"), rtol=1e-5)


@pytest.mark.slow
def test_two_devices_train_as_one():
    learn_alike(both("losses", *TASKS), rtol=1e-4)


@pytest.mark.slow
def test_two_devices_answer_as_one():
    for one, two in both("predict", *TASKS):
        for value, other in zip(one, two, strict=True):
            np.testing.assert_allclose(other, value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_accumulated_on_two_devices_a_batch_is_a_large_one():
    for one, two in both("accumulate", "BertAdamW", "BertLamb"):
        for value, other in zip(one, two, strict=True):
            np.testing.assert_allclose(other, value, atol=1e-5)
