"""Export, verify and benchmark fine-tuned kerasbert models; imported as `kerasbert.export`."""

if __name__ != "kerasbert.export":
    raise ImportError(
        f"This package must be imported as `kerasbert.export`. Received: name={__name__!r}. "
        "Install the project (`pip install -e .`) and write `from kerasbert import export`."
    )

from kerasbert.export.artifact import Artifact
from kerasbert.export.budget import AccuracyBudget, Trial
from kerasbert.export.checkpoints import to_google, to_huggingface, to_keras_hub
from kerasbert.export.description import describe
from kerasbert.export.endpoints import register_endpoint
from kerasbert.export.latency import Benchmark, benchmark
from kerasbert.export.mediapipe_metadata import add_mediapipe_metadata
from kerasbert.export.mediapipe_tokens import MediaPipeDifferences, mediapipe_differences
from kerasbert.export.onnx_files import to_onnx
from kerasbert.export.onnx_runner import OnnxRunner
from kerasbert.export.recipes import RECIPES, Recipe
from kerasbert.export.report import ModelCard, write_report
from kerasbert.export.runners import answer_texts, open_artifact
from kerasbert.export.saved_model import to_saved_model
from kerasbert.export.saved_model_runner import SavedModelRunner
from kerasbert.export.tflite import to_tflite
from kerasbert.export.tflite_runner import TFLiteRunner
from kerasbert.export.verification import Verification, VerificationError, verify

__all__ = [
    "RECIPES",
    "AccuracyBudget",
    "Artifact",
    "Benchmark",
    "MediaPipeDifferences",
    "ModelCard",
    "OnnxRunner",
    "Recipe",
    "SavedModelRunner",
    "TFLiteRunner",
    "Trial",
    "Verification",
    "VerificationError",
    "add_mediapipe_metadata",
    "answer_texts",
    "benchmark",
    "describe",
    "mediapipe_differences",
    "open_artifact",
    "register_endpoint",
    "to_google",
    "to_huggingface",
    "to_keras_hub",
    "to_onnx",
    "to_saved_model",
    "to_tflite",
    "verify",
    "write_report",
]
