"""Files for MediaPipe's tasks: TFLite files with metadata that say how to convert texts to inputs."""

import dataclasses
import mmap
import pathlib
from typing import Any

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact, check_exportable
from kerasbert.export.metadata_flatbuffer import (
    BERT_TOKENIZER,
    TENSOR_AXIS_LABELS,
    VOCABULARY,
    model_metadata,
    open_model,
    table,
    write_with_metadata,
)
from kerasbert.export.tflite_files import describe_tflite
from kerasbert.tasks import BertTextClassifier, BertTextEmbedder
from kerasbert.text import BertTokenizer, MPNetTokenizer
from kerasbert.types import PathLike

# The names by which MediaPipe finds the inputs.
_INPUTS = {
    "token_ids": ("ids", "Token ids of [CLS], the text and [SEP]."),
    "padding_mask": ("mask", "1 for tokens, 0 for padding."),
    "segment_ids": ("segment_ids", "0, for the first and only text."),
}
_MEASURED = ("size_bytes", "sha256", "signatures", "partitions", "ops")  # fields of an `Artifact`
_TASKS = {"classify": "TextClassifier", "embed": "TextEmbedder"}  # endpoint -> MediaPipe's class


def add_mediapipe_metadata(
    task: BertTextClassifier | BertTextEmbedder,
    artifact: Artifact | PathLike,
    path: PathLike | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
) -> Artifact:
    """Writes a TFLite file that MediaPipe's `TextClassifier` or `TextEmbedder` runs on texts.

    It is a file of `to_tflite` with TFLite Model Metadata added: descriptions of its inputs, and the files
    `vocab.txt` and `labels.txt` with the vocabulary and the labels. LiteRT still runs it if inputs are bound
    by name; their order is the one that MediaPipe needs. MediaPipe is not needed to write the file.

    MediaPipe tokenizes texts itself, and not exactly as BERT does: it only lower-cases ASCII letters, and
    does not strip accents or drop control characters. `mediapipe_differences` finds texts for which this
    matters. MediaPipe takes single texts, not pairs, and ends a text at U+0000.

    MediaPipe neither pads nor truncates. Export with `to_tflite(..., truncate=True)`; otherwise a text with
    more tokens than the encoder has positions is an error, after which MediaPipe 1.2 refuses all other texts
    as well until its task is created again.

    Args:
        task: `BertTextClassifier` with one label per row, or `BertTextEmbedder`, with an uncased
            `BertTokenizer`.
        artifact: `Artifact`, str or path: the file that `to_tflite` wrote for this task.
        path: str or path of the new file; None to replace the old one.
        name: str or None, the model's name in the metadata; None for the name of MediaPipe's task.
        description: str or None, the model's description in the metadata.

    Returns:
        `Artifact`.

    Raises:
        ImportError: if `ai-edge-litert` is missing.
        TypeError: if MediaPipe does not have such a task.
        ValueError: if MediaPipe does not have the task's kind of tokenizer, or the file was not exported from
            this task or already has metadata.
    """
    where = "add_mediapipe_metadata"
    check_mediapipe(task, where)
    source = pathlib.Path(getattr(artifact, "path", artifact))
    path = pathlib.Path(source if path is None else path)
    files = {"vocab.txt": task.tokenizer.vocabulary.as_vocab_txt()}
    output: dict[str, Any] = {"name": task.output, "description": "What the model answers."}
    if task.endpoint == "classify":
        files["labels.txt"] = _label_lines(task.labels)
        labels = table(
            "AssociatedFile",
            name="labels.txt",
            description="Labels, in the order of the probabilities.",
            type=TENSOR_AXIS_LABELS,
        )
        output["associated_files"] = [labels]
    vocabulary = table(
        "AssociatedFile", name="vocab.txt", description="Tokens, in the order of their ids.", type=VOCABULARY
    )
    tokenizer = table("BertTokenizerOptions", vocab_file=[vocabulary])
    subgraph = table(
        "SubGraphMetadata",
        input_tensor_metadata=[
            table("TensorMetadata", name=name, description=description)
            for name, description in map(_INPUTS.__getitem__, _input_order(task, source))
        ],
        output_tensor_metadata=[table("TensorMetadata", **output)],
        input_process_units=[table("ProcessUnit", options_type=BERT_TOKENIZER, options=tokenizer)],
    )
    metadata = model_metadata(name or _TASKS[task.endpoint], description or type(task).__name__, subgraph)
    with replacing(path) as temporary:
        write_with_metadata(source, temporary, metadata, files)
        written = describe_tflite(temporary)
    if isinstance(artifact, Artifact):  # it has the recipe by which it was quantized
        written = dataclasses.replace(artifact, **{name: getattr(written, name) for name in _MEASURED})
    return dataclasses.replace(written, path=path)


def check_mediapipe(task, where):
    """Raises TypeError or ValueError unless MediaPipe has the same kind of task and of tokenizer."""
    if getattr(task, "endpoint", None) not in _TASKS:
        raise checks.invalid(
            "MediaPipe only supports text classification and text embedding.",
            fix="Export a BertTextClassifier or a BertTextEmbedder. Other tasks can be run with LiteRT "
            "directly.",
            where=where,
            kind=TypeError,
            task=type(task).__name__,
        )
    check_exportable(task, where)
    if getattr(task, "problem", "single_label") != "single_label":
        raise checks.invalid(
            "MediaPipe only supports classifiers that choose one label for each text.",
            fix="Run the file with LiteRT directly.",
            where=where,
            problem=task.problem,
        )
    if task.extra_inputs:
        raise checks.invalid(
            "MediaPipe only passes texts to a model, no `extra_inputs`.",
            fix="Run the file with LiteRT directly.",
            where=where,
            extra_inputs=sorted(task.extra_inputs),
        )
    tokenizer = task.tokenizer
    has_words = isinstance(tokenizer, BertTokenizer) and not isinstance(tokenizer, MPNetTokenizer)
    if not has_words or not tokenizer.lowercase:
        raise checks.invalid(
            "The tokenizer must be an uncased BertTokenizer, because MediaPipe only has WordPiece with the "
            "special tokens of BERT, and lower-cases all text.",
            fix="Run the file with LiteRT directly, on the tokens of the task's own tokenizer.",
            where=where,
            tokenizer=type(tokenizer).__name__,
            lowercase=getattr(tokenizer, "lowercase", None),
        )


def _label_lines(labels):
    """Returns the content of labels.txt; MediaPipe skips empty lines and carriage returns at line ends."""
    for label in labels:
        if not label or set("\r\n\0") & set(label) or label != label.encode("utf-8", "ignore").decode():
            raise checks.invalid(
                "Each label in a labels.txt file must be a single line of text.",
                fix="Give the labels other names, in the same order, and export again.",
                where="add_mediapipe_metadata",
                label=label,
            )
    return "".join(f"{label}\n" for label in labels)


def _input_order(task, path):
    """Returns the names of a file's inputs, in the order in which `write_with_metadata` will sort them."""
    if not path.is_file():
        raise checks.invalid(
            "The TFLite file must exist.",
            fix="Write it with `to_tflite` first.",
            where="add_mediapipe_metadata",
            kind=FileNotFoundError,
            path=str(path),
        )
    with open(path, "rb") as file:
        if file.read(8)[4:] != b"TFL3":
            raise _foreign(task, path, content="no TFLite model")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _signature_inputs(task, path, open_model(content))


def _signature_inputs(task, path, model):
    if model.SubgraphsLength() != 1 or model.SignatureDefsLength() != 1:
        raise _foreign(task, path, subgraphs=model.SubgraphsLength(), signatures=model.SignatureDefsLength())
    graph, signature = model.Subgraphs(0), model.SignatureDefs(0)
    names = {}
    for i in range(signature.InputsLength()):
        names[signature.Inputs(i).TensorIndex()] = signature.Inputs(i).Name().decode()
    # Numpy arrays are not used, because they would keep the memory map of the file open.
    outputs = [graph.Tensors(graph.Outputs(i)) for i in range(graph.OutputsLength())]
    found = {
        "signature": signature.SignatureKey().decode(),
        "inputs": sorted(names.values()),
        "outputs": [tuple(output.Shape(j) for j in range(output.ShapeLength())) for output in outputs],
    }
    expected = {
        "signature": task.endpoint,
        "inputs": sorted(_INPUTS),
        "outputs": [(1, *task.logits_shape)],
    }
    if found != expected:
        raise _foreign(task, path, **found)
    return [names[number] for number in sorted(names)]


def _foreign(task, path, **found):
    return checks.invalid(
        f"The file must have been exported from this task and have one signature `{task.endpoint}` with "
        "three inputs and one output "
        f"of the shape {(1, *task.logits_shape)}.",
        fix="Pass the file that `to_tflite` wrote for this task, without `text=True`: MediaPipe has a "
        "tokenizer of its own, and takes files of one graph.",
        where=str(path),
        **found,
    )
