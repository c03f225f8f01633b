"""PyTorch's answers, and the int8 files that ONNX Runtime and OpenVINO make of its model.

Arguments as of `edge_models.py`.
"""

import shutil

import numpy as np
import torch
from edge_models import (
    CLASSES,
    HUGGING_FACE_NAMES,
    LENGTHS,
    SHAPES,
    VOCABULARY,
    Settings,
    head_kernel,
    run,
    tokens,
    weights_of,
)
from transformers import BertConfig, BertForSequenceClassification, BertModel


class Logits(torch.nn.Module):
    """The classifier, from arrays to one array."""

    def __init__(self, folder, shape):
        super().__init__()
        self.model = BertForSequenceClassification.from_pretrained(
            weights_of(folder, shape), num_labels=CLASSES, attn_implementation="eager"
        ).eval()
        with torch.no_grad():
            self.model.classifier.weight.copy_(torch.tensor(head_kernel(shape).T))
            self.model.classifier.bias.zero_()

    def forward(self, *inputs):
        return self.model(**dict(zip(HUGGING_FACE_NAMES, inputs, strict=True))).logits


def feed(length):
    """What the model takes of one sequence, as int64 arrays."""
    return {name: x.astype("int64") for name, x in zip(HUGGING_FACE_NAMES, tokens(length), strict=True)}


def tensors(length):
    return tuple(torch.tensor(x) for x in feed(length).values())


def reference(folder, shape, wanted):
    """Writes `reference.npz`, float logits of `tokens(length)`; of BERT-base the weights, too."""
    if shape != "MiniLM-L6":
        sizes = SHAPES[shape]
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=sizes["hidden_dim"],
            num_hidden_layers=sizes["num_layers"],
            num_attention_heads=sizes["num_heads"],
            intermediate_size=sizes["intermediate_dim"],
        )
        BertModel(config).save_pretrained(folder / "weights")
        shutil.copy(weights_of(folder, "MiniLM-L6") / "vocab.txt", folder / "weights")
    model = Logits(folder, shape)
    with torch.no_grad():
        np.savez(folder / "reference.npz", **{str(n): model(*tensors(n)).numpy() for n in LENGTHS})
    Settings("reference", folder, wanted).save()


def onnx_runtime(folder, shape, wanted):
    # The older exporter: ONNX Runtime's attention fusion and quantize_dynamic both fail on the newer one's.
    source = folder / "onnx_float.onnx"
    torch.onnx.export(
        Logits(folder, shape).eval(),
        tensors(16),
        source,
        dynamo=False,
        opset_version=17,
        input_names=HUGGING_FACE_NAMES,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in HUGGING_FACE_NAMES},
    )
    settings = Settings("onnx_runtime", folder, wanted)
    write_onnx_settings(source, SHAPES[shape], settings)
    settings.save()


def write_onnx_settings(source, sizes, settings):
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
                num_heads=sizes["num_heads"],
                hidden_size=sizes["hidden_dim"],
                optimization_options=options,
                opt_level=0,  # the session does the rest
            )
            fused = source.with_name("onnx_fused.onnx")
            model.save_model_to_file(str(fused))
        for kind in ("QInt8", "QUInt8"):
            for per_channel in (False, True):
                setting = f"{name}, {kind}, per {'channel' if per_channel else 'tensor'}"
                settings.attempt(setting, quantize(fused, kind, per_channel), suffix=".onnx")


def openvino(folder, shape, wanted):
    import nncf
    import openvino as ov

    model = Logits(folder, shape).eval()
    example = dict(zip(HUGGING_FACE_NAMES, tensors(16), strict=True))

    def converted():
        made = ov.convert_model(model, example_input=tuple(example.values()))
        for value, name in zip(made.inputs, HUGGING_FACE_NAMES, strict=True):
            value.get_tensor().set_names({name})
        return made

    def quantized():
        rows = [feed(n) for n in range(8, 256, 4)]
        return nncf.quantize(
            converted(), nncf.Dataset(rows), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(rows)
        )

    def fixed(path, length):
        made = quantized()
        made.reshape({name: [1, length] for name in HUGGING_FACE_NAMES})
        ov.save_model(made, path)

    def compressed(path, _):
        ov.save_model(nncf.compress_weights(converted(), mode=nncf.CompressWeightsMode.INT8_SYM), path)

    settings = Settings("openvino", folder, wanted)
    settings.attempt("NNCF quantize", lambda path, _: ov.save_model(quantized(), path), suffix=".xml")
    settings.attempt("NNCF quantize, a file a length", fixed, LENGTHS, suffix=".xml")
    settings.attempt("NNCF compress_weights, dynamic quantization", compressed, suffix=".xml")
    settings.save()


if __name__ == "__main__":
    run([reference, onnx_runtime, openvino])
