"""An ONNX file as a function."""

import functools
import json
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.export.description import TASK, no_description
from kerasbert.export.onnx_graph import INSTALL
from kerasbert.export.onnx_texts import SEPARATOR, signatures_of
from kerasbert.export.runner_errors import cannot_run, no_signature
from kerasbert.export.text_runner import TextRunner
from kerasbert.export.token_batches import token_arrays
from kerasbert.types import PathLike, Tensors

# Types of ONNX that weights of fewer than 32 bits have.
_NARROW = {"INT4": 4, "UINT4": 4, "INT8": 8, "UINT8": 8, "FLOAT16": 16, "BFLOAT16": 16}


class OnnxRunner(TextRunner):
    """Runs an ONNX file with ONNX Runtime, on batches with their padding, or on texts if it takes those.

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
        runtime = checks.require("onnxruntime", INSTALL, "An ONNX file")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = num_threads
        self.path = path
        self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.signature = self._session.get_modelmeta().graph_name
        self.inputs = tuple(sorted(x.name for x in self._session.get_inputs()))
        self.outputs = [x.name for x in self._session.get_outputs()]
        self.signatures = signatures_of(self.signature, self.inputs, self.outputs)
        self.takes_texts = "code_points" in self.inputs

    @functools.cached_property
    def bits(self) -> int:
        """See `SavedModelRunner`."""
        onnx = checks.require("onnx", INSTALL, "An ONNX file")
        kinds = {tensor.data_type for tensor in onnx.load(str(self.path)).graph.initializer}
        narrow = [bits for name, bits in _NARROW.items() if getattr(onnx.TensorProto, name) in kinds]
        return min(narrow, default=32)

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        if tuple(sorted(inputs)) != self.inputs or self.takes_texts:
            raise no_signature(tuple(sorted(inputs)), {self.signature: self.inputs})
        arrays = token_arrays(inputs, type(self).__name__)
        try:
            return dict(zip(self.outputs, self._session.run(None, arrays), strict=True))
        except Exception as error:  # ONNX Runtime's own, which are no RuntimeError
            raise cannot_run("ONNX Runtime", self.path, error) from error

    def description(self) -> dict[str, Any]:
        """What the file says of itself; see `export.describe`."""
        found = self._session.get_modelmeta().custom_metadata_map
        if TASK not in found:
            raise no_description(self.path, "open_artifact")
        return json.loads(found[TASK])

    def _run_signature(self, name, inputs):
        prefix = "" if name == self.signature else f"{name}{SEPARATOR}"
        outputs = self.signatures[name]["outputs"]
        try:
            found = self._session.run([prefix + output for output in outputs], inputs)
        except Exception as error:  # ONNX Runtime's own, which are no RuntimeError
            raise cannot_run("ONNX Runtime", self.path, error) from error
        return dict(zip(outputs, found, strict=True))
