"""Tasks of all kinds with texts that are hard for them, for files that take text."""

import numpy as np

TEXTS = ["what a good film!", "", "BAD, bad films.", "Ünknown 😀 [MASK] 電影", "the film was very bad " * 30]
PAIRS = (["good film", "", "bad " * 40], ["not a bad film!", "film", "films " * 40])
TASKS = {
    "tag": ("BertTokenClassifier", {"labels": ["O", "B-X", "I-X", "B-Y", "I-Y"]}, TEXTS),
    "answer": ("BertQuestionAnswerer", {"window_step": 3}, (TEXTS, [*TEXTS[2:], TEXTS[4], ""])),
    "choose": ("BertMultipleChoice", {}, (TEXTS, [[text, "good film", "", text * 2] for text in TEXTS])),
    "fill": ("BertMaskedLM", {}, ["a [MASK] film", "[MASK][MASK] was [mask] bad", TEXTS[3]]),
    "summarize": ("BertSummarizer", {}, ["Good film! It was bad. A film.", "", "\x07", TEXTS[4] + ". Good."]),
    "embed": ("BertTextEmbedder", {}, TEXTS),
    "pairs": ("BertNextSentencePredictor", {}, PAIRS),
}


def same(found, expected):
    """Compares what `predict` returns: numbers within 1e-5, all else equal."""
    if hasattr(expected, "__dataclass_fields__"):
        same(vars(found), vars(expected))
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        same([*found.values()], [*expected.values()])
    elif isinstance(expected, (float, np.ndarray)):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, two in zip(found, expected, strict=True):
            same(one, two)
    else:
        assert found == expected
