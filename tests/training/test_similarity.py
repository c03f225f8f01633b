import keras
import numpy as np
import pytest

from kerasbert.training import PearsonCorrelation, SimilarityLoss


def test_pearson_over_batches_is_that_of_all_rows():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 3)).astype("float32")
    scores, weights = random.uniform(size=30), random.integers(1, 4, 30)
    a, b = vectors[0::2], vectors[1::2]
    cosines = np.sum(a * b, 1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    metric = PearsonCorrelation()
    each, weight = np.repeat(scores, 2)[:, None].astype("float32"), np.repeat(weights, 2).astype("float32")
    for rows in (slice(0, 20), slice(20, 22), slice(22, 60)):
        metric.update_state(each[rows], vectors[rows])
    assert float(metric.result()) == pytest.approx(np.corrcoef(cosines, scores)[0, 1], abs=1e-5)
    metric.reset_state()
    for rows in (slice(0, 2), slice(2, 60)):
        metric.update_state(each[rows], vectors[rows], weight[rows])
    repeated = np.corrcoef(np.repeat(cosines, weights), np.repeat(scores, weights))[0, 1]
    assert float(metric.result()) == pytest.approx(repeated, abs=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_the_loss_has_a_config():
    loss = keras.losses.deserialize(keras.losses.serialize(SimilarityLoss(reduction="sum")))
    assert loss.reduction == "sum"
