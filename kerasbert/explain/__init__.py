"""Why a model answers as it does: the share of each word in an answer.

Start with `integrated_gradients`. `occlusion` and `gradient_times_input` are second opinions, and `attention`
shows where the model looked. All take a task and texts, and return an `Explanation` for each row.
"""

from kerasbert.explain.attention import attention
from kerasbert.explain.explanation import Explanation, Token, Word
from kerasbert.explain.methods import gradient_times_input, integrated_gradients, occlusion
from kerasbert.explain.page import write_page

__all__ = [
    "Explanation",
    "Token",
    "Word",
    "attention",
    "gradient_times_input",
    "integrated_gradients",
    "occlusion",
    "write_page",
]
