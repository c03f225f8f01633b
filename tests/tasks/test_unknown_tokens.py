import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import make_task

KNOWN, UNKNOWN = "a very good film, was not bad!", "ein sehr guter Film, gar nicht schlecht!"
ROWS = {
    "BertTextClassifier": lambda texts: (texts, ["good", "bad"] * (len(texts) // 2)),
    "BertTextEmbedder": lambda texts: ((texts, texts[::-1]), None),
    "BertTokenClassifier": lambda texts: (texts, [[] for _ in texts]),
    "BertQuestionAnswerer": lambda texts: ((texts, texts), [[] for _ in texts]),
    "BertSummarizer": lambda texts: (texts, [[1] for _ in texts]),
    "BertMultipleChoice": lambda texts: ((texts, [[text, text] for text in texts]), [0] * len(texts)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_texts_in_another_language_are_told_of_once(name, config, tokenizer):
    task = make_task(name, dataclasses.replace(config, max_sequence_length=64), tokenizer)
    task.compile()
    x, y = ROWS[name]([KNOWN] * 60)
    task.fit(x, y, epochs=1, verbose=0)  # warnings are errors in the tests
    x, y = ROWS[name]([UNKNOWN] * 60)
    with pytest.warns(UserWarning, match=r"\d\d% of the tokens are \[UNK\]") as found:
        task.fit(x, y, epochs=2, verbose=0)
    assert sum("[UNK]" in str(warning.message) for warning in found) == 1


@pytest.mark.slow
def test_the_share_is_right_and_a_callback_may_be_alone(classifier, tokenizer):
    classifier.compile()
    texts = ["a good film, zzz"] * 200
    tokens = {name: np.asarray(value) for name, value in tokenizer(texts).items()}
    rows = tf.data.Dataset.from_tensor_slices((texts, ["good"] * 200))
    ids = np.zeros(200, int)
    for x, y in ((texts, ids), (rows, None), (tokens, ids)):
        with pytest.warns(UserWarning, match="^20% of"):
            classifier.fit(x, y, verbose=0, callbacks=tf.keras.callbacks.TerminateOnNaN())


@pytest.mark.slow
def test_few_tokens_and_none_say_nothing(classifier):
    classifier.compile()
    classifier.fit(["zzz"] * 10, ["good"] * 10, verbose=0)  # warnings are errors in the tests
