"""SIGKILL at random moments of `fit` and of pre-training: what goes on ends as a run that was not killed."""

import pytest
from apart import run_apart

pytestmark = pytest.mark.tensorflow

# Runs are forks of a process that has imported TensorFlow and has not used it: a start takes no time.
SCRIPT = """
import json, os, pathlib, random, signal, sys, tempfile, time
sys.path.insert(0, sys.argv[1])
import keras
import numpy as np
import kerasbert
from kerasbert import pretraining, training
from kerasbert.__main__ import main
from conformance_cases import CONFIG
from conftest import TOKENS, WORDS

kind, kills, seed = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
home, draw = pathlib.Path(tempfile.mkdtemp()), random.Random(seed)
texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 12))) for _ in range(24)]
(home / "words.txt").write_text("\\n".join(TOKENS))
(home / "corpus.txt").write_text("\\n\\n".join("\\n".join(texts[i : i + 3]) for i in range(0, 24, 3)))

def fit(folder):
    keras.utils.set_random_seed(0)
    config = kerasbert.BertConfig.from_dict({**CONFIG.to_dict(), "max_sequence_length": 16})
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), kerasbert.BertTokenizer(TOKENS), ["short", "long"])
    task.compile(training.BertAdamW(1e-2))
    labels = ["short" if len(text) < 30 else "long" for text in texts]
    task.fit(texts, labels, batch_size=4, epochs=12, verbose=0, callbacks=[training.ResumeTraining(folder)])
    return task

def pretrain(folder):
    settings = pretraining.RunSettings(
        output=str(folder),
        corpus=pretraining.Corpus(home / "corpus.txt"),
        vocabulary=pretraining.settings.Vocabulary(path=str(home / "words.txt")),
        model={**dict(num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16, max_sequence_length=32)},
        phases=(pretraining.Phase(40, 16, 4), pretraining.Phase(40, 32, 4)),
        examples=pretraining.ExampleSettings(duplicates=4),
        log_every=2, save_every=2, evaluate_every=2)
    return pretraining.pretrain(settings, verbose=0)

def start(folder, result=None):
    child = os.fork()
    if not child:
        try:
            task = {"fit": fit, "pretrain": pretrain}[kind](folder)
            variables = [*task.variables, *task.optimizer.variables]
            np.savez(home / "result.npz", *map(np.asarray, variables))
            os._exit(0)
        finally:
            os._exit(1)
    return child

def end(folder):
    child, begun = start(folder), time.monotonic()
    assert os.waitpid(child, 0)[1] == 0
    with np.load(home / "result.npz") as file:
        return [file[name] for name in file.files], time.monotonic() - begun

def left():
    # `os.walk` takes it that folders disappear meanwhile; `rglob` does not.
    names = [name for *_, files in os.walk(home / "other") for name in files]
    return sorted(name for name in names if name.startswith("step-") and name.endswith(".safetensors"))

whole, seconds = end(home / "whole")
killed, went_on = 0, 0
for kill in range(kills):
    before, child = left(), start(home / "other")
    if kill % 4 == 3:  # while it starts or goes back
        time.sleep(draw.uniform(0, 0.8) * seconds)
    else:
        while left() == before and not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.05))  # a few steps
    os.kill(child, signal.SIGKILL)
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
    went_on += bool(left())
again, _ = end(home / "other")
differ = sum(not np.array_equal(one, two) for one, two in zip(whole, again, strict=True))
print(json.dumps({"killed": killed, "went_on": went_on, "variables": len(whole), "differ": differ}))
"""


def check(kind, kills, seed=0):
    found = run_apart(SCRIPT, kind, str(kills), str(seed))
    print(
        f"{kind}: {found['killed']} of {kills} runs killed, {found['went_on']} left snapshots, "
        f"{found['differ']} of {found['variables']} variables differ"
    )
    assert found["variables"] > 20
    assert found["differ"] == 0
    return found


@pytest.mark.slow
def test_a_killed_fit():
    check("fit", 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["fit", "pretrain"])
def test_many_kills(kind, seed):
    found = check(kind, 8, seed)
    assert found["killed"] >= 2  # others may have ended before
    assert found["went_on"] >= 2
