import keras
import numpy as np

import kerasbert


def test_fit_lowers_the_loss(classifier):
    texts = ["good", "very good!", "bad", "very bad!"] * 8
    labels = ["good" if "good" in text else "bad" for text in texts]
    classifier.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = classifier.fit(texts, labels, batch_size=8, epochs=15, verbose=0)
    assert history.history["loss"][-1] < 0.2 < history.history["loss"][0]
    assert history.history["accuracy"][-1] == 1.0
    assert classifier.predict_labels(["very good", "bad"], verbose=0) == ["good", "bad"]


def test_equal_seeds_give_equal_runs(config, tokenizer):
    def run():
        keras.utils.set_random_seed(3)
        task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
        task.compile()
        task.fit(["good", "bad", "film"] * 20, [1, 0, 1] * 20, batch_size=4, epochs=2, verbose=0)
        return task.get_weights()

    for one, two in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(one, two)
