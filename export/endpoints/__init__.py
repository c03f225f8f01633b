"""How each kind of task answers texts in a SavedModel, with a module for each value of a task's `endpoint`.

Each module has three functions: `signatures(task)` returns the graph functions by name, the default one
first, with their inputs; `columns(x)` converts what `predict` takes to these inputs; and
`predictions(task, outputs, x)` converts their outputs to what `predict(x)` returns.
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
    """Registers another kind of answers for exports of tasks whose `endpoint` is `name`.

    Args:
        name: str, the name of the signature.
        endpoint: module or object with the functions `signatures`, `columns` and `predictions`.

    Raises:
        TypeError: if one of these functions is missing.
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
            "An endpoint must have a name that no other endpoint has, and the functions "
            f"{', '.join(wanted)}.",
            fix="See `kerasbert/export/endpoints/classify.py` for an example.",
            where="register_endpoint",
            kind=TypeError if missing else ValueError,
            name=name,
            missing=missing,
        )
    BY_NAME[name] = endpoint
