"""The errors of the runners of all formats for inputs that they cannot run."""

from kerasbert import checks


def cannot_run(runtime, path, error):
    """Returns the exception for tokens that a runtime refuses, such as more than the model has positions."""
    return checks.invalid(
        f"{runtime} must be able to run the file on these tokens.",
        fix="Token ids must be in the vocabulary, and rows no longer than the model's `max_sequence_length`.",
        where=str(path),
        kind=RuntimeError,
        reason=str(error),
    )


def no_signature(names, signatures):
    """Returns the exception for inputs whose names are not those of any signature."""
    return checks.invalid(
        "The inputs must match one of the file's signatures.",
        fix=f"The signatures are {signatures}.",
        names=names,
    )
