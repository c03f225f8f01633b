"""What `predict_with` says of texts that are too long; `predict` of each task says the same."""

import warnings

import pytest
from conformance_cases import CONFIG, make_task

LONG = "good film " * 30
# name -> what `predict_with` takes, in which one text is too long, and what the warning counts
TRUNCATED = {
    "BertTextClassifier": ([LONG, "good"], "1 of the 2 texts"),
    "BertTextEmbedder": ([LONG, "good"], "1 of the 2 texts"),
    "BertNextSentencePredictor": (([LONG, "good"], ["bad", "film"]), "1 of the 2 texts"),
    "BertMultipleChoice": ((["good", "bad"], [["film", LONG], ["a", "the"]]), "1 of the 4 texts"),
    "BertMaskedLM": (["a [MASK] " + LONG, "[MASK]"], "1 of the 2 texts"),
    "BertQuestionAnswerer": (([LONG, "good?"], ["film", "bad"]), "1 of the 2 questions"),
    "BertSummarizer": ([["good film", LONG]], "1 of the 2 sentences"),
}


@pytest.mark.parametrize("name", TRUNCATED)
def test_predict_with_warns_of_truncated_texts_and_answers_with_does_not(name, tokenizer):
    config = type(CONFIG).from_dict(CONFIG.to_dict() | {"max_sequence_length": 16, "vocabulary_size": 100})
    task = make_task(name, config, tokenizer)
    x, message = TRUNCATED[name]
    with pytest.warns(UserWarning, match=message) as caught:
        task.predict_with(task.answer_tokens, x)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        task.answers_with(task.preprocessor.for_one_call(), task.answer_tokens, x)
