"""What breaks a model: answers to texts that change while their label does not, and training against it.

`invariance` and `direction` are the tests of CheckList (Ribeiro et al. 2020,
https://arxiv.org/abs/2005.04118); `augmented` trains on perturbed texts, new ones in each epoch, and
`denoise` teaches a task to read perturbed words as those that were meant.
"""

from kerasbert.robustness.augmentation import augmented
from kerasbert.robustness.denoising import denoise
from kerasbert.robustness.invariance import direction, invariance
from kerasbert.robustness.outcomes import Example, Invariance, Outcome
from kerasbert.robustness.perturbations import (
    PERTURBATIONS,
    TYPOS,
    contractions,
    doubled_words,
    emoji,
    keyboard_typos,
    lookalikes,
    lower_case,
    no_accents,
    no_punctuation,
    swapped_letters,
    truncated,
    upper_case,
    whitespace,
)

__all__ = [
    "PERTURBATIONS",
    "TYPOS",
    "Example",
    "Invariance",
    "Outcome",
    "augmented",
    "contractions",
    "denoise",
    "direction",
    "doubled_words",
    "emoji",
    "invariance",
    "keyboard_typos",
    "lookalikes",
    "lower_case",
    "no_accents",
    "no_punctuation",
    "swapped_letters",
    "truncated",
    "upper_case",
    "whitespace",
]
