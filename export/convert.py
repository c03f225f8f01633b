"""Converts a SavedModel to TFLite; run as a process: FOLDER PATH SIGNATURE RECIPE."""

import pathlib
import sys


def main(folder, path, signature, recipe):
    """Writes `path` from the SavedModel in `folder`; arguments as `to_tflite` gives them."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if recipe == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    pathlib.Path(path).write_bytes(converter.convert())
    if recipe.startswith("float"):
        return
    from litert_quantizer import quantizer
    from litert_quantizer import recipe as recipes

    quantized = quantizer.Quantizer(str(path), getattr(recipes, recipe)()).quantize()
    quantized.export_model(str(path), overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
