"""What each kind of task answers to texts in a SavedModel, a module a kind; called as a task's `endpoint`.

Each has three functions: `signatures(task)`, the graph functions by name, the default one first, with their
inputs; `columns(x)`, these inputs from what `predict` takes; and `predictions(task, outputs, x)`, what
`predict(x)` returns, from their outputs.
"""

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
