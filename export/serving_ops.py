"""The operations of stock TF Serving, and the check that a SavedModel uses no others."""

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# The operations of TensorFlow Text that TF Serving links. `SUPPORTED_TENSORFLOW_OPS` of tensorflow/serving,
# tensorflow_serving/model_servers/BUILD (commit 008c02c45e8a09b9a82d80b0962b5918e759f10e), is
# `@org_tensorflow_text//tensorflow_text:ops_lib`, of the version that tensorflow_serving/workspace.bzl
# pins: in February 2025 still 2.12.1 (github.com/tensorflow/serving/pull/4057), 2.20.0 at commit
# 0185d7f41d1a09b89e4e4dd5d97a74471e5d9438.
#
# These are the operations of the targets that `ops_lib` had before 2.12.1 (tensorflow/text,
# tensorflow_text/BUILD, commit e79c797b3d286148b5af4e7c8a00cbb3df3fd7fb) and still has
# (4f00942e23d8ef2f44b6016a7065e0928f96e9f4), one line per target, with their names in the libraries of the
# wheels of 2.12.1 and 2.21.1. Later ones are left out, because images in use do not have them: 2.12.1 has no
# `TFText>RoundRobinTrim`, which KerasHub's preprocessing needs (github.com/tensorflow/serving/issues/2267).
TEXT_OPS = frozenset(
    {
        "ConstrainedSequence",
        "FastBertNormalize",
        *("FastWordpieceTokenizeWithOffsets", "TFText>FastWordpieceDetokenize"),
        "MaxSpanningTree",
        "TFText>NgramsStringJoin",
        *("CaseFoldUTF8", "NormalizeUTF8", "NormalizeUTF8WithOffsetsMap", "FindSourceOffsets"),
        "RegexSplitWithOffsets",
        "SentenceFragments",
        *("SentencepieceOp", "SentencepieceTokenizeOp", "SentencepieceTokenizeWithOffsetsOp"),
        *("SentencepieceDetokenizeOp", "SentencepieceIdToStringOp", "SentencepieceStringToIdOp"),
        "SentencepieceVocabSizeOp",
        "TokenizerFromLogits",
        "SplitMergeTokenizeWithOffsets",
        "SentenceFragmentsV2",
        "RougeL",
        "UnicodeScriptTokenizeWithOffsets",
        "WhitespaceTokenizeWithOffsets",
        "TFText>WhitespaceTokenizeWithOffsetsV2",
        "WordpieceTokenizeWithOffsets",
    }
)

# TensorFlow's own operations that run Python code, which TF Serving does not have.
PYTHON_OPS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})


def check_served(ops, where):
    """Raises ValueError unless stock TF Serving has all of these operations.

    It has TensorFlow's operations that do not need Python, and `TEXT_OPS`. Operations that other packages
    register in this process are refused.

    Args:
        ops: iterable of str, names of operations.
        where: str, the place to show in the error.
    """
    unknown = sorted(op for op in ops if op in PYTHON_OPS or not (op in TEXT_OPS or hasattr(tf.raw_ops, op)))
    if unknown:
        raise checks.invalid(
            "A SavedModel must only use operations that the standard build of TF Serving has.",
            fix="Use TensorFlow's own operations, and those of TensorFlow Text in "
            "`kerasbert.export.serving_ops.TEXT_OPS`.",
            where=where,
            ops=unknown,
        )
