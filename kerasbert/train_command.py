"""The command `kerasbert train`: a classifier from a file of texts and labels."""

import pathlib

import keras

from kerasbert import checks
from kerasbert.data import read_csv, read_json_lines
from kerasbert.tasks import BertTextClassifier
from kerasbert.training import BertAdamW


def train_command(options):
    """Fine-tunes a classifier, and saves it as a `.keras` file."""
    # Before training, because what fails after it is lost.
    target = checks.keras_file(options.target)
    if not target.resolve().parent.is_dir():
        raise checks.invalid(
            "The folder of the new file must exist.",
            fix="Create it, or write to another one.",
            where="train",
            kind=FileNotFoundError,
            target=str(target),
        )
    rows = _rows(options.data, options)
    validation = _rows(options.validation, options) if options.validation else None
    keras.utils.set_random_seed(options.seed)
    task = BertTextClassifier.from_preset(
        options.preset, labels=rows.label_names(), max_sequence_length=options.max_length
    )
    task.compile(BertAdamW(options.learning_rate))
    sizes = {"batch_size": options.batch_size, "epochs": options.epochs}
    task.fit(rows, validation_data=validation, verbose=2, **sizes)
    task.save(target)
    print(f"path: {target}")
    print(f"labels: {', '.join(task.labels)}")


def _rows(path, options):
    """A stream of the rows of a file; its name decides the format."""
    name = pathlib.Path(path).name.lower()
    columns = {"text": options.text, "label": options.label, "text_pair": options.text_pair}
    if ".jsonl" in name:
        return read_json_lines(path, **columns)
    return read_csv(path, separator="\t" if ".tsv" in name else ",", **columns)
