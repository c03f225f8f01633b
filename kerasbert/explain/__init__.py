"""Why a model answers as it does: the share of each word in an answer.

`integrated_gradients` first; `occlusion` and `gradient_times_input` as second opinions, `attention` to see
where the model looked. All take a task and texts, and return an `Explanation` for each row.
"""

from kerasbert.explain.attention import attention
from kerasbert.explain.explanation import Explanation, Token, Word
from kerasbert.explain.methods import gradient_times_input, integrated_gradients, occlusion

__all__ = [
    "Explanation",
    "Token",
    "Word",
    "attention",
    "gradient_times_input",
    "integrated_gradients",
    "occlusion",
]
