"""The graph for a device: one sequence of any length, in operations that LiteRT runs fast."""

import pathlib

import keras
import numpy as np

from kerasbert import checks
from kerasbert.export.shared_graphs import INPUTS, MODEL, TOKENIZER, SharedTokenizer, caller, number_branches
from kerasbert.export.text_graphs import check_takes_texts, fixed_text_signatures, text_signatures
from kerasbert.export.text_graphs.fixed import token_lengths
from kerasbert.export.text_graphs.tokenize import tokenizer_of
from kerasbert.optional import tensorflow as tf

TABLE, STAND_IN = "token_table.npy", 1.0
# exp(-120) is 0 beside any attention score, and a bias of this size leaves int8 scales their precision.
MASKED = -120.0


def write_edge_graph(task, folder, truncate=False, lengths=None):
    """Writes a task as a SavedModel for one sequence, the converter's input.

    The table of tokens, half of a small model's weights, stands beside it as `TABLE`, and a constant of its
    shape in its place: the converter holds all constants several times. A head that is tied to the table
    needs it in the graph.

    Args:
        task: a kerasbert task.
        folder: str or path.
        truncate: bool, whether longer sequences are cut to the task's `max_sequence_length`.
        lengths: sequence of int or None; if it is given, perhaps empty, the signatures of `text_graphs` stand
            beside the task's, and those of `shared_graphs`, which they call; and for each length those of
            fixed shapes.

    Returns:
        List of str, the signatures, the task's in front.
    """
    archive = keras.export.ExportArchive()
    specs = list(task.input_specs(1, None).values())
    table = task.encoder.embeddings.token_embedding.embeddings
    is_tied = getattr(getattr(task, "head", None), "tied", False)
    function = edge_function(task, truncate, with_table=is_tied)
    archive.add_endpoint(task.endpoint, function, input_signature=specs)
    others = {}
    if lengths is not None:
        check_takes_texts(task, "to_tflite")
        tokenizer, call = tokenizer_of(task), caller(function, specs)

        def run(tokens):
            return call(*map(tokens.get, INPUTS))

        others = text_signatures(task, tokenizer, run) | {MODEL: (function, specs)}
        if lengths:
            tokenizer = SharedTokenizer(tokenizer)
            others |= fixed_text_signatures(task, tokenizer, run, lengths) | {TOKENIZER: tokenizer.signature}
        for length in token_lengths(task, lengths):
            others[f"{task.endpoint}_{length}"] = function, [*task.input_specs(1, length).values()]
    for name, (answer, inputs) in others.items():
        archive.add_endpoint(name, answer, input_signature=inputs)
    archive.write_out(str(folder), verbose=False)
    number_branches(folder)
    if not is_tied:
        np.save(pathlib.Path(folder) / TABLE, keras.ops.convert_to_numpy(table))
    return [task.endpoint, *others]


def edge_function(task, truncate=False, with_table=True):
    """Returns a graph function of three int32 tensors `(1, S)`, and of extra inputs, that returns answers.

    It calls the task's own layers, on `(S, D)`: two axes with one unknown length let XNNPACK take the
    whole network as one partition. Without the table of tokens a constant of its shape is looked up.

    Raises:
        ValueError: if a user's class overrides `call` of the encoder or of its embeddings.
    """
    embeddings = task.encoder.embeddings
    fix = "Override `transform` of the encoder, or write the file with `to_saved_model` or `to_onnx`."
    for part in (task.encoder, embeddings):
        checks.not_overridden("to_tflite", part, "call", fix=fix)

    def edge(token_ids, segment_ids, padding_mask, *extra):
        rows = _rows(token_ids, segment_ids, padding_mask)
        tokens, segments, mask = (_cut(row, task.max_sequence_length) if truncate else row for row in rows)
        places, first_only = tf.range(tf.shape(tokens)[0]), task.first_token_only
        if tokens.shape.is_fully_defined():
            # Zeros that are not known before: else the converter looks the positions up, and stores their
            # rows again for each length.
            places += tf.minimum(tokens, 0)
            first_only = False  # GPU delegates take no slice of a matrix
        table = embeddings.token_embedding.embeddings
        vectors = embeddings.combine(
            _lookup(table if with_table else tf.constant(STAND_IN, shape=table.shape), tokens),
            _lookup(embeddings.segment_embedding.embeddings, segments) if embeddings.num_segments else None,
            _lookup(embeddings.position_table(), places),
            training=False,
        )
        # The length of `vectors` would be known later, and divide the network in two.
        bias = embeddings.attention_bias(tokens, mask, MASKED)
        outputs = task.encoder.transform(vectors, bias, first_only, training=False)
        numbers = (tf.unstack(x, num=1)[0] for x in extra)  # two rows are refused here, too
        outputs |= {"padding_mask": mask} | dict(zip(task.extra_inputs, numbers, strict=True))
        answers = task.answers(task.sequence_logits(outputs, training=False))
        return {name: tf.expand_dims(answer, 0) for name, answer in answers.items()}

    return edge


def _rows(*inputs):
    """Inputs `(1, S)` as rows `(S,)`, in operations that fail for two sequences and for unequal lengths.

    An interpreter resizes inputs to whatever it is given, and a reshape would read two rows as one long text.
    UNPACK refuses a first axis that is not 1, PACK refuses rows of different lengths, which additions would
    broadcast.
    """
    rows = [tf.unstack(x, num=1)[0] for x in inputs]
    return tf.unstack(tf.stack(rows), num=len(rows))


def _cut(row, most):
    """The first `most - 1` tokens and the last, `[SEP]`; the whole row if it is no longer."""
    # Slices with constant ends: XNNPACK takes none whose length is computed.
    return tf.concat([row[:-1][: most - 1], row[-1:]], 0)


def _lookup(table, ids):
    # The converter turns a function of this name into EMBEDDING_LOOKUP, which reads int8 rows each with
    # a scale of its own; a plain gather would be quantized with one scale for the table.
    @tf.function(experimental_implements="embedding_matmul")
    def embedding_matmul(table, ids):
        return tf.gather(table, ids)

    return embedding_matmul(tf.convert_to_tensor(table), ids)
