"""A single text, where rows of texts are wanted, is refused with the line to write: in every task alike."""

import numpy as np
import pytest
from conformance_cases import TASKS, make_task

ONE = {
    "BertQuestionAnswerer": [
        "Where?",
        ("Where?", "We met in Bonn."),
        ("Where?", ["We met in Bonn."]),
        {"text": "Where?", "text_pair": "We met in Bonn."},
    ],
    "BertMultipleChoice": [("2 + 2 is", ["3", "4"]), ("2 + 2 is", [["3", "4"]])],
    "BertMaskedLM": ["a [MASK] film"],
    "BertTokenClassifier": ["a film"],
    "BertSummarizer": ["a film. a good film."],
}
OTHERS = ["a film", np.str_("a film"), ("a film", ["good film"]), {"text": "a film"}]


@pytest.mark.parametrize("name", [name for name in TASKS if name != "BertPretrainer"])
def test_it_is_refused(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    for x in ONE.get(name, OTHERS):
        with pytest.raises(
            (TypeError, ValueError), match=r"(rows of text|list of texts|a list of choices|lists).*\["
        ):
            task.predict(x, verbose=0)
