"""What each kind of task answers to texts in a SavedModel, a module a kind; named by a task's `endpoint`.

Each has three functions: `signatures(task)`, the graph functions by name, the default one first, with their
inputs; `columns(x)`, these inputs from what `predict` takes; and `predictions(task, outputs, x)`, what
`predict(x)` returns, from their outputs.
"""

from typing import Any

from kerasbert import checks
from kerasbert.export.endpoints import answer, choose, classify, fill, summarize, tag

BY_NAME = {
    "classify": classify,
    "embed": classify,
    "tag": tag,
    "answer": answer,
    "choose": choose,
    "fill": fill,
    "summarize": summarize,
}


def register_endpoint(name: str, endpoint: Any) -> None:
    """Makes another kind of answers known to exports, for tasks whose `endpoint` is `name`.

    Args:
        name: str, what the signature is called.
        endpoint: module or object with the functions `signatures`, `columns` and `predictions`.

    Raises:
        TypeError: if it lacks one of these.
        ValueError: if the name is taken.

    Example:

    >>> from kerasbert.export.endpoints import classify
    >>> register_endpoint("rank", classify)  # `class Ranker(BertTextClassifier): endpoint = "rank"`
    >>> BY_NAME["rank"] is classify
    True
    """
    wanted = ("signatures", "columns", "predictions")
    missing = [function for function in wanted if not callable(getattr(endpoint, function, None))]
    if missing or name in BY_NAME:
        raise checks.invalid(
            f"An endpoint must have a name of its own, and the functions {', '.join(wanted)}.",
            fix="Look at `kerasbert/export/endpoints/classify.py`.",
            where="register_endpoint",
            kind=TypeError if missing else ValueError,
            name=name,
            missing=missing,
        )
    BY_NAME[name] = endpoint
