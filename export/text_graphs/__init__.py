"""How files answer texts, with integers and floats alone: one module for each kind of task.

Each has `signatures(task, tokenizer, run)`, graph functions of code points by name, with their inputs;
`inputs(kind, row)`, which of them answers a row of texts, and with what; and
`predictions(description, rows, outputs)`, what `predict` returns, from their outputs and from what the file
says of itself. `run` answers one sequence of tokens, a dict of int32 `(1, S)`, with the task's answers.
"""

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.text_graphs import answer, choose, classify, fill, summarize, tag
from kerasbert.export.text_graphs.fixed import fixed_signatures, fixed_tokenizers
from kerasbert.export.text_graphs.tokenize import (
    TOKENIZERS,
    as_code_points,
    tokenizer_signatures,
)
from kerasbert.text import TOKEN_INPUTS

BY_ENDPOINT = {
    "classify": classify,
    "embed": classify,
    "tag": tag,
    "answer": answer,
    "choose": choose,
    "fill": fill,
    "summarize": summarize,
}


def rows_of_texts(kind, x):
    """What `predict` takes as a list of rows, each a tuple of what belongs together."""
    if kind == "summarize":
        return [(document,) for document in x]
    return list(zip(*endpoints.BY_NAME[kind].columns(x).values(), strict=True))


def text_signatures(task, tokenizer, run):
    """The signatures of a file that takes texts of any length, beside the task's own.

    Args:
        task: a kerasbert task, of a kind that `check_takes_texts` lets through.
        tokenizer: its `IntegerTokenizer`.
        run: function of tokens, a dict, that returns the task's answers, a dict.

    Returns:
        dict, name -> (graph function, its input signature).
    """
    return _answers(task, tokenizer, run) | tokenizer_signatures(task, tokenizer)


def fixed_text_signatures(task, tokenizer, run, lengths):
    """Those of fixed shapes.

    Args:
        task, tokenizer, run: as for `text_signatures`.
        lengths: sequence of int, how many tokens.

    Returns:
        dict, name -> (graph function, its input signature).
    """
    answers = _answers(task, tokenizer, run)
    return fixed_signatures(task, answers, lengths) | fixed_tokenizers(task, tokenizer, lengths)


def _answers(task, tokenizer, run):
    return BY_ENDPOINT[task.endpoint].signatures(task, tokenizer, answers_to(run))


def answers_to(run):
    """The function `run` of tokens as one that may get their places, too."""
    return lambda packed: run({name: packed[name] for name in TOKEN_INPUTS})


def check_takes_texts(task, where):
    """Raises ValueError unless a file of this task can take text."""
    if task.endpoint not in BY_ENDPOINT or task.extra_inputs:
        raise checks.invalid(
            "Files that take text are only possible for kerasbert's own tasks, without `extra_inputs`.",
            fix="Leave out `text=True`, and pass tokens to the file.",
            where=where,
            endpoint=task.endpoint,
            extra_inputs=list(task.extra_inputs),
        )


def description(task):
    """What `predictions` need to know of a task, as JSON has it: part of what a file says of itself."""
    found = {
        "kind": task.endpoint,
        "problem": getattr(task, "problem", None),
        "labels": list(getattr(task, "labels", ())),
        "thresholds": getattr(task, "thresholds", None),
        "scheme": getattr(task, "scheme", None),
        "types": tag.entity_types(task) if task.endpoint == "tag" else [],
        "output": task.answer_names[0],
        "max_sequence_length": task.max_sequence_length,
    }
    return found | ({"vocabulary": list(task.tokenizer.vocabulary)} if task.endpoint == "fill" else {})
