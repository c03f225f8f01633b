"""Compares every new file with its model, before a user gets it."""

import warnings

from kerasbert.export.runners import open_artifact
from kerasbert.export.sample_texts import sample_inputs
from kerasbert.export.verification import compare, narrowest_bits

# By the bits of the narrowest weights. The built-in sentences are unlike the user's texts: many are at the
# border of two classes.
SAMPLE_AGREEMENT = {32: 0.99, 16: 0.9, 8: 0.9, 4: 0.5}


def verify_export(task, artifact, data, limits, calibration=None):
    """Compares a new file with its model, on `data` or on built-in sentences.

    Args:
        task, artifact: as for `verify`.
        data: `(x, y)`, where y may be None; or None.
        limits: dict, the limits of `verify`; or True for the defaults.
        calibration: texts or None; without `data`, a static file is compared on the texts with which it was
            calibrated.

    Raises:
        VerificationError: as in `verify`.
    """
    limits = limits if isinstance(limits, dict) else {}
    runner = open_artifact(artifact)
    if data is not None:
        compare(task, artifact, runner, *data, **limits)
        return
    limits = {"min_agreement": SAMPLE_AGREEMENT[narrowest_bits(task, artifact, runner)]} | limits
    samples = sample_inputs(task) if calibration is None else [calibration]
    if getattr(runner, "takes_texts", False):
        samples = [x for x in samples if runner.takes(x)]
    for x in samples:
        with warnings.catch_warnings():
            # The built-in sentences are too long for some models.
            warnings.filterwarnings("ignore", ".*were truncated", UserWarning)
            compare(task, artifact, runner, x, **limits)
