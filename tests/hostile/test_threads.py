"""One runner, several threads: every answer is that of a single thread."""

import concurrent.futures

import numpy as np
import pytest

from kerasbert import export

pytestmark = pytest.mark.tensorflow
THREADS = 8


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("calls", [400, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["int8", "saved_model"])
def test_a_runner_is_shared_by_threads(kind, calls, trained, request):
    runner = export.open_artifact(request.getfixturevalue(kind))
    batches = [{n: x.numpy() for n, x in trained.tokenizer(["good " * n]).items()} for n in range(14)]
    lengths = np.random.default_rng(0).integers(0, len(batches), calls).tolist()

    def answer(length):
        return runner(batches[length])["probabilities"]

    expected = list(map(answer, range(len(batches))))
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(answer, lengths))
    pairs = zip(answers, lengths, strict=True)
    wrong = sum(not np.allclose(one, expected[length], atol=1e-6) for one, length in pairs)
    print(f"{kind}: {THREADS} threads, {calls} calls, {wrong} wrong")
    assert wrong == 0
