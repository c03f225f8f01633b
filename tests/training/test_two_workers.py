"""Two processes on this machine train one model, and go on after one was killed."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

SCRIPT = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
folder, seconds = sys.argv[2], float(sys.argv[3])
from kerasbert.training import BertAdamW, ResumeTraining, strategy
devices = strategy("auto")
import keras
import kerasbert
import numpy as np
from conformance_cases import CONFIG, make_still_task
from conftest import TOKENS

class Slow(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("epoch", epoch, flush=True)
        time.sleep(seconds)

keras.utils.set_random_seed(0)
config = kerasbert.BertConfig.from_dict({**CONFIG.to_dict(), "max_sequence_length": 16})
tokenizer = kerasbert.BertTokenizer(TOKENS)
with devices.scope():
    task = make_still_task("BertTextClassifier", config, tokenizer)
    task.compile(optimizer=BertAdamW(1e-2, global_clipnorm=0.1))
texts = ["good film", "bad", "the film was not very good", "what a film!", "a", "not", "very bad", "good."]
history = task.fit(texts, [0, 1] * 4, batch_size=4, epochs=6, shuffle=False, verbose=0,
    callbacks=[ResumeTraining(folder), Slow()])
weights = [value.tolist() for value in task.get_weights()]

class Rows(keras.metrics.Metric):  # which an epoch had: the sum of their labels, powers of two
    def __init__(self):
        super().__init__(name="rows")
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(keras.ops.sum(keras.ops.cast(keras.ops.maximum(y_true, 0), "float32")))

    def result(self):
        return self.total + 0.0

keras.utils.set_random_seed(int(sys.argv[4]))  # another on each host
with devices.scope():
    other = make_still_task("BertTextClassifier of numbers", config, tokenizer)
    other.compile(metrics=[Rows()])
powers = [[2.0**i] for i in range(8)]
rows = other.fit(texts, powers, batch_size=4, epochs=3, verbose=0).history["rows"]
# Arrays of tokens, which Keras shuffles.
keras.utils.set_random_seed(int(sys.argv[4]))
with devices.scope():
    other = make_still_task("BertMaskedLM", config, tokenizer)
    other.compile(metrics=[Rows()])
tokens = {name: np.asarray(value) for name, value in tokenizer(texts).items()}
labels = np.full(tokens["token_ids"].shape, -100)
labels[:, 0] = 1 + np.arange(8)
token_rows = other.fit(tokens, labels, batch_size=4, epochs=3, verbose=0).history["rows"]
print(json.dumps({
    "token_rows": token_rows,
    "rows": rows,
    "strategy": type(devices).__name__, "loss": history.history["loss"], "weights": weights,
    "accuracy": task.evaluate(texts, [0, 1] * 4, batch_size=4, verbose=0)[1],
    "labels": task.predict_labels(texts, verbose=0),
}))
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(folder, workers, seconds=0.0):
    """Starts processes; with one worker there is no cluster."""
    tests = pathlib.Path(__file__).resolve().parents[1]
    ports, processes = free_ports(workers), []
    for index in range(workers):
        environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
        if workers > 1:
            cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
            task = {"type": "worker", "index": index}
            environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(tests), str(folder), str(seconds), str(index)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def finish(processes):
    """What each process found."""
    found = []
    for process in processes:
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors[-3000:]
        found.append(json.loads(output.splitlines()[-1]))
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    (found,) = finish(start(tmp_path_factory.mktemp("alone"), 1))
    return found


def check_equal(found, alone):
    assert found["strategy"] == "CollectiveAllReduceStrategy"
    np.testing.assert_allclose(found["loss"], alone["loss"][-len(found["loss"]) :], rtol=1e-4)
    for one, two in zip(found["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)
    assert found["accuracy"] == alone["accuracy"]
    assert found["labels"] == alone["labels"]
    assert found["rows"] == alone["rows"] == [255.0] * 3  # shuffled, each once
    assert found["token_rows"] == alone["token_rows"] == [36.0] * 3


@pytest.mark.slow
def test_two_workers_train_as_one_process(tmp_path, alone):
    for found in finish(start(tmp_path, 2)):
        check_equal(found, alone)


@pytest.mark.slow
def test_a_killed_worker_starts_again_and_all_go_on(tmp_path, alone):
    processes = start(tmp_path, 2, seconds=1.0)
    for line in processes[1].stdout:
        if line.startswith("epoch 2"):
            break
    processes[1].send_signal(signal.SIGKILL)
    time.sleep(1)
    processes[0].kill()  # what a cluster manager does: it cannot go on alone
    for process in processes:
        process.communicate()
    for found in finish(start(tmp_path, 2)):
        assert 1 <= len(found["loss"]) <= 4
        check_equal(found, alone)
