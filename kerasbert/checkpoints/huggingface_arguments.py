"""Reads the arguments of a task from a Hugging Face config: labels, problem and dropout."""

from kerasbert import checks
from kerasbert.json_files import json_field

PROBLEMS = {
    "single_label_classification": "single_label",
    "multi_label_classification": "multi_label",
    "regression": "regression",
}


def task_arguments(family, config, heads, theirs, own, path, tensors, names):
    """The arguments of a task that are stored in a folder, under our names.

    Args:
        family: `Family`.
        config: `BertConfig`.
        heads: tuple of str, the heads in the folder.
        theirs: dict, the content of the config.
        own: dict, the part of the config that only kerasbert writes.
        path: `pathlib.Path` of the config.
        tensors: an open file of weights.
        names: dict, current name of a weight -> its name in the file.
    """
    arguments = dict(json_field(own, "task", dict, path, {}))
    for field in map(family.dropouts.get, heads):
        if field:
            dropout = theirs.get(field)
            arguments["dropout"] = config.hidden_dropout if dropout is None else dropout
    if "masked_lm" in heads:
        arguments["tied"] = json_field(theirs, "tie_word_embeddings", bool, path, True)
    for head in ("classification", "token_classification"):
        if head in heads:
            kernel = names.get(f"{family.heads[head][f'{head}/logits']}.weight")
            arguments |= _labels(theirs, path, kernel and tensors.shapes[kernel][:1])
    if "classification" in heads and "labels" in arguments and "problem" not in arguments:
        problem = theirs.get("problem_type")
        checks.one_of(str(path), (*PROBLEMS, None), problem_type=problem)
        one = len(arguments["labels"]) == 1
        arguments["problem"] = PROBLEMS[problem] if problem else "regression" if one else "single_label"
    return arguments


def _labels(theirs, path, classes):
    """A dict with the class names in the order of their numbers as `labels`; empty if the file has no labels.

    Args:
        theirs: dict, the content of the config.
        path: `pathlib.Path` of the config.
        classes: tuple with the number of classes of the head in the file, or None if it contains no head.
    """
    by_number = json_field(theirs, "id2label", dict, path)
    if by_number is None:
        count = json_field(theirs, "num_labels", int, path, 2)
        numbers = range(count)
    else:
        try:
            numbers = sorted(map(int, by_number))
        except ValueError:
            numbers = []
        count = len(by_number)
        if not count or numbers != list(range(count)):
            raise checks.invalid(
                "`id2label` must name the classes 0, 1, 2 and so on.",
                fix="Correct `id2label` in the file.",
                where=str(path),
                id2label=by_number,
            )
    if classes is not None and classes != (count,):
        raise checks.invalid(
            "The config must have as many labels as the head in the file has classes.",
            fix="Correct `id2label` or `num_labels`, or use the config that was saved with these weights.",
            where=str(path),
            labels=count,
            classes=classes,
        )
    if by_number is None:
        return {} if classes is None else {"labels": tuple(f"LABEL_{i}" for i in numbers)}
    labels = {int(number): str(label) for number, label in by_number.items()}
    return {"labels": tuple(labels[i] for i in numbers)}
