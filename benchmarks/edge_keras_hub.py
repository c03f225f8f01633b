"""KerasHub's LiteRT files, in every way that it can make int8 ones; arguments as of `edge_models.py`."""

import os

from edge_models import ANY, CLASSES, LENGTHS, NAMES, Settings, head_kernel, quantize_litert, run, weights_of


def classifier(folder, shape):
    import keras_hub

    backbone = keras_hub.models.BertBackbone.from_preset(str(weights_of(folder, shape)))
    model = keras_hub.models.BertTextClassifier(backbone, num_classes=CLASSES, preprocessor=None)
    model.get_layer("logits").kernel.assign(head_kernel(shape))
    return model


def keras_hub(folder, shape, wanted):
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

    model = classifier(folder, shape)
    settings = Settings("keras_hub", folder, wanted)
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
    model = classifier(folder, shape)
    model.quantize("int8", config=Int8QuantizationConfig(activation_quantizer=None))
    settings.attempt("quantize('int8'), weights only, a file a length", export_with(model), LENGTHS)
    settings.save()


def write_by_torch(folder, shape, wanted, length):
    # litert-torch converts once a process: a second model fails with a type mismatch.
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    def write(path, length):
        source = folder / f"keras_hub_torch_float_{length}.tflite"
        signature = [{name: keras.InputSpec(shape=(1, length), dtype="int32") for name in NAMES}]
        model.export(source, format="litert", input_signature=signature, verbose=False)
        quantize_litert(source, path)
        source.unlink()

    model = classifier(folder, shape)
    settings = Settings(f"keras_hub_torch_{length}", folder, wanted)
    settings.attempt("PyTorch backend, float export + litert-quantizer, a file a length", write, (length,))
    settings.save()


def by_torch(length):
    """The KIND of one length."""

    def kind(folder, shape, wanted):
        write_by_torch(folder, shape, wanted, length)

    kind.__name__ = f"keras_hub_torch_{length}"
    return kind


if __name__ == "__main__":
    run([keras_hub, *map(by_torch, LENGTHS)])
