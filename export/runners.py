"""Any artifact as one function: a dict of arrays in, a dict of arrays out."""

import functools
import pathlib
import threading
import warnings
import zipfile
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact
from kerasbert.export.description import describe
from kerasbert.export.intervals import count_rows, rows_of
from kerasbert.export.onnx_graph import INSTALL as INSTALL_ONNX
from kerasbert.export.text_graphs import BY_ENDPOINT, TOKENIZERS, as_code_points, rows_of_texts
from kerasbert.export.tflite_files import INSTALL, tflite_bits
from kerasbert.export.token_batches import single_rows, token_arrays
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.task import Task
from kerasbert.text import as_text_tensor
from kerasbert.types import PathLike, Rows, Tensors

BATCH_SIZE = 32
# Types of ONNX that weights of fewer than 32 bits have.
_NARROW = {"INT4": 4, "UINT4": 4, "INT8": 8, "UINT8": 8, "FLOAT16": 16, "BFLOAT16": 16}


class SavedModelRunner:
    """Runs a SavedModel's signatures.

    Several threads may call one runner at the same time. `bits` says in how many bits the file's narrowest
    weights are stored: 32, the Keras model's own float32 weights.

    Args:
        path: str or path of the folder.

    Call arguments:
        inputs: dict of arrays; the signature is the one that takes these names.

    Returns:
        dict of numpy arrays.

    Raises:
        ValueError: if no signature takes these names, or an array of tokens is none.
    """

    bits = 32

    def __init__(self, path: PathLike) -> None:
        checks.require("tensorflow_text", "pip install tensorflow-text", "A SavedModel that takes text")
        self._model = tf.saved_model.load(str(path))
        self.signatures = {
            name: tuple(sorted(function.structured_input_signature[1]))
            for name, function in self._model.signatures.items()
        }

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        wanted = tuple(sorted(inputs))
        for name, names in self.signatures.items():
            if names == wanted:
                if "token_ids" in inputs:
                    inputs = token_arrays(inputs, type(self).__name__)
                    tensors = {key: tf.constant(value) for key, value in inputs.items()}
                else:
                    specs = self._model.signatures[name].structured_input_signature[1]
                    tensors = {
                        key: _strings(value, key)
                        if specs[key].dtype == tf.string
                        else tf.constant(np.asarray(value, "float32"))
                        for key, value in inputs.items()
                    }
                outputs = self._model.signatures[name](**tensors)
                return {key: value.numpy() for key, value in outputs.items()}
        raise _no_signature(wanted, self.signatures)


class TFLiteRunner:
    """Runs a TFLite file, one sequence at a time.

    Several threads may share one runner: its interpreter is locked while it runs, so that their calls wait
    for each other. Open a runner for each thread to run them side by side; each then holds the weights.
    `bits` is as for `SavedModelRunner`: 32, 16, 8 or 4.

    Args:
        path: str or path of the file.
        num_threads: int.

    Call arguments:
        inputs: dict of int arrays `token_ids`, `segment_ids`, `padding_mask`, `(B, S)`: rows are run one
            by one, up to the last 1 in their mask; zeros before it are padding, too.

    Returns:
        dict of numpy arrays, the rows' answers in order, with zeros at padding.

    Raises:
        ImportError: if `ai-edge-litert` is missing.
        ValueError: if the inputs have other names, or an array is no batch of tokens.
        RuntimeError: if LiteRT cannot run the file on these tokens, such as more than it has positions for.
    """

    def __init__(self, path: PathLike, num_threads: int = 1) -> None:
        litert = checks.require("ai_edge_litert.interpreter", INSTALL, "A TFLite file")
        # Kept: the signatures' runners do not keep it alive.
        self._interpreter = litert.Interpreter(str(path), num_threads=num_threads)
        self.signatures = self._interpreter.get_signature_list()
        of_texts = {name for name, names in self.signatures.items() if "code_points" in names["inputs"]}
        (self.signature,) = self.signatures.keys() - of_texts
        self._inputs = tuple(sorted(self.signatures[self.signature]["inputs"]))
        self._run = self._interpreter.get_signature_runner(self.signature)
        self._lock = threading.Lock()
        self.bits = tflite_bits(path)
        self._path = path
        self._of_texts: dict[str, Any] = {}
        # Not while the file is made: what it says of itself comes last.
        self.takes_texts = bool(of_texts) and zipfile.is_zipfile(path)

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        if tuple(sorted(inputs)) != self._inputs:
            raise _no_signature(tuple(sorted(inputs)), {self.signature: self._inputs})
        arrays = token_arrays(inputs, type(self).__name__)
        with self._lock:
            try:
                rows = [self._run(**row) for row in single_rows(arrays)]
            except (RuntimeError, ValueError) as error:
                raise _cannot_run("LiteRT", self._path, error) from error
        return {name: _stacked([row[name][0] for row in rows]) for name in rows[0]}

    def tokenize(self, text: str, second: str | None = None) -> dict[str, np.ndarray]:
        """Tokenizes by the file itself, if it takes text.

        Args:
            text: str.
            second: str or None, the second text of a pair.

        Returns:
            dict of `token_ids`, `segment_ids`, `padding_mask`, `starts` and `ends`, numpy int32 `(1, S)`.

        Raises:
            ValueError: if the file takes no text.
        """
        texts = (text,) if second is None else (text, second)
        name = next(name for name, inputs in TOKENIZERS.items() if len(inputs) == len(texts))
        return self.run_texts(name, dict(zip(TOKENIZERS[name], map(as_code_points, texts), strict=True)))

    def run_texts(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature of code points.

        Args:
            name: str.
            inputs: dict of numpy int32 arrays.

        Returns:
            dict of numpy arrays.

        Raises:
            ValueError: if the file takes no text.
        """
        if name not in self.signatures:
            raise checks.invalid(
                "The file must take text.",
                fix="Export it with `to_tflite(task, path, text=True)`, or pass tokens.",
                path=str(self._path),
                signatures=list(self.signatures),
            )
        with self._lock:
            if name not in self._of_texts:
                self._of_texts[name] = self._interpreter.get_signature_runner(name)
            return self._of_texts[name](**inputs)

    def predict(self, x: Rows) -> Any:
        """Answers texts, by the file alone.

        Args:
            x: texts, as for the task's `predict`, in memory.

        Returns:
            What the task's `predict` returns: an array of probabilities, lists of entities, answers.

        Raises:
            ValueError: if the file takes no text.
        """
        description = describe(self._path)
        kind, module = description["kind"], BY_ENDPOINT[description["kind"]]
        rows = rows_of_texts(kind, x)
        outputs = [self.run_texts(*module.inputs(kind, row)) for row in rows]
        truncated = sum(bool(np.any(output.get("truncated", 0))) for output in outputs)
        if truncated:
            warnings.warn(
                f"{truncated} of the {len(rows)} rows were longer than "
                f"max_sequence_length={description['max_sequence_length']} tokens and were truncated.",
                stacklevel=2,
            )
        return module.predictions(description, rows, outputs)


class OnnxRunner:
    """Runs an ONNX file with ONNX Runtime, on batches with their padding.

    Several threads may call one runner at the same time. `bits` is as for `SavedModelRunner`.

    Args:
        path: str or path of the file.
        num_threads: int.

    Call arguments:
        inputs: dict of int arrays `token_ids`, `segment_ids`, `padding_mask`, `(B, S)`.

    Returns:
        dict of numpy arrays.

    Raises:
        ImportError: if `onnxruntime` is missing.
        ValueError: if the inputs have other names, or an array is no batch of tokens.
    """

    def __init__(self, path: PathLike, num_threads: int = 1) -> None:
        runtime = checks.require("onnxruntime", INSTALL_ONNX, "An ONNX file")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = num_threads
        self._path = path
        self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.signature = self._session.get_modelmeta().graph_name
        self.inputs = tuple(sorted(x.name for x in self._session.get_inputs()))
        self.outputs = [x.name for x in self._session.get_outputs()]

    @functools.cached_property
    def bits(self) -> int:
        """See `SavedModelRunner`."""
        onnx = checks.require("onnx", INSTALL_ONNX, "An ONNX file")
        kinds = {tensor.data_type for tensor in onnx.load(str(self._path)).graph.initializer}
        narrow = [bits for name, bits in _NARROW.items() if getattr(onnx.TensorProto, name) in kinds]
        return min(narrow, default=32)

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        if tuple(sorted(inputs)) != self.inputs:
            raise _no_signature(tuple(sorted(inputs)), {self.signature: self.inputs})
        arrays = token_arrays(inputs, type(self).__name__)
        try:
            return dict(zip(self.outputs, self._session.run(None, arrays), strict=True))
        except Exception as error:  # ONNX Runtime's own, which are no RuntimeError
            raise _cannot_run("ONNX Runtime", self._path, error) from error


def _cannot_run(runtime, path, error):
    return checks.invalid(
        f"{runtime} must be able to run the file on these tokens.",
        fix="Ids must be in the vocabulary, and rows no longer than the model's positions.",
        where=str(path),
        kind=RuntimeError,
        reason=str(error),
    )


def _stacked(rows):
    """Arrays of one rank, but maybe of several lengths, as one array; shorter ones end in zeros."""
    joined = np.zeros((len(rows), *np.max([row.shape for row in rows], axis=0)), rows[0].dtype)
    for place, row in zip(joined, rows, strict=True):
        place[tuple(map(slice, row.shape))] = row
    return joined


def existing(path):
    """An artifact's path, or FileNotFoundError."""
    path = pathlib.Path(path)
    if not path.exists():
        raise checks.invalid(
            "An artifact must exist.",
            fix="Export it first.",
            kind=FileNotFoundError,
            path=str(path),
        )
    return path


def open_artifact(
    path: Artifact | PathLike, num_threads: int = 1
) -> SavedModelRunner | TFLiteRunner | OnnxRunner:
    """Returns the runner that fits a file or folder.

    Args:
        path: str, path or `Artifact`.
        num_threads: int, for a TFLite or ONNX file.

    Raises:
        FileNotFoundError: if nothing is there.
        ImportError: if its runtime is missing.
        ValueError: if it is no SavedModel, TFLite file or ONNX file, of which the last is known by its name's
            ending; or if it is damaged.
    """
    path = existing(getattr(path, "path", path))
    if (path / "saved_model.pb").is_file():
        kind: Any = SavedModelRunner
        arguments: tuple[Any, ...] = (path,)
    elif path.is_file() and _is_tflite(path):
        kind, arguments = TFLiteRunner, (path, num_threads)
    elif path.is_file() and path.suffix == ".onnx":
        kind, arguments = OnnxRunner, (path, num_threads)
    else:
        raise checks.invalid(
            "An artifact must be a SavedModel folder, a TFLite file, or an ONNX file called `.onnx`.",
            fix="Export the model with `to_saved_model`, `to_tflite` or `to_onnx`.",
            path=str(path),
        )
    try:
        return kind(*arguments)
    except ImportError:
        raise
    except Exception as error:  # the runtimes share no class of errors
        raise checks.invalid(
            "An artifact must be a whole file that its runtime can load.",
            fix="It is damaged, or of another version: export it again.",
            path=str(path),
            reason=str(error),
        ) from error


def answer_texts(runner: SavedModelRunner | TFLiteRunner | OnnxRunner, task: Task, x: Rows) -> Any:
    """Runs an artifact on texts: what takes text tokenizes it itself, others get the task's tokens.

    Args:
        runner: `SavedModelRunner`, `TFLiteRunner` or `OnnxRunner`.
        task: the kerasbert task that was exported.
        x: texts, as for the task's `predict`, in memory.

    Returns:
        What `predict` returns (`fill_masks`, of a masked language model).
    """
    if not isinstance(runner, SavedModelRunner):
        if isinstance(runner, TFLiteRunner) and runner.takes_texts and not _are_words(x):
            return runner.predict(x)
        return task.predict_with(runner, x)
    endpoint, found = endpoints.BY_NAME[task.endpoint], []
    count = count_rows(x)
    for start in range(0, count, BATCH_SIZE):
        part = rows_of(x, range(start, min(start + BATCH_SIZE, count)))
        found.append(endpoint.predictions(task, runner(endpoint.columns(part)), part))
    return (
        np.concatenate(found) if isinstance(found[0], np.ndarray) else [row for part in found for row in part]
    )


def _strings(texts, name):
    """Texts `(B,)` or `(B, N)` as a tensor; what UTF-8 cannot hold is replaced as the tokenizer does."""
    if len(texts) and isinstance(texts[0], (list, tuple)):
        if len({len(row) for row in texts}) > 1:
            raise checks.invalid(
                "A SavedModel takes texts, or rows that have as many texts each.",
                fix="Join the words of each row to a text.",
                where=name,
                lengths=[len(row) for row in texts],
            )
        flat = as_text_tensor([text for row in texts for text in row], name)
        return tf.reshape(flat, (len(texts), len(texts[0])))
    return as_text_tensor(texts, name)


def _are_words(x):
    """Whether the rows of a token classifier are lists of words."""
    return isinstance(x, list) and any(isinstance(row, (list, tuple)) for row in x)


def _is_tflite(path):
    with path.open("rb") as file:
        return file.read(8)[4:] == b"TFL3"


def _no_signature(names, signatures):
    return checks.invalid(
        "The inputs must be those of a signature.",
        fix=f"The signatures are {signatures}.",
        names=names,
    )
