"""Fine-tuning with KerasHub as it comes, for `fine_tuning_side_by_side.py`."""

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from public_sets import label_names, weights_folder


def fit(options, public_set, train, held_out, clock_class):
    """Fits once, with KerasHub's own optimizer and length; returns the seconds, and the labels found."""
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    tf.zeros(1)  # starts the runtime
    keras.utils.set_random_seed(options.seeds[0])
    if options.bfloat16:
        keras.config.set_dtype_policy("mixed_bfloat16")
    labels = label_names(public_set, train)
    clock = clock_class()
    task = keras_hub.models.BertTextClassifier.from_preset(str(weights_folder()), num_classes=len(labels))
    numbers = {name: number for number, name in enumerate(labels)}
    task.fit(
        x=np.array(train[0], object),
        y=np.array([numbers[label] for label in train[1]]),
        batch_size=public_set.batch_size,
        epochs=options.epochs,
        verbose=0,
    )
    seconds = clock.read()
    logits = task.predict(np.array(held_out, object), verbose=0)
    return seconds, [labels[number] for number in logits.argmax(-1)]
