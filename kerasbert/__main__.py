"""The command line, `kerasbert` or `python -m kerasbert`: `pretrain`, `train`, `export` and more."""

import argparse
import sys

from kerasbert import __version__

DATA = (
    "texts and labels: .csv, .tsv or .jsonl with columns of these, .conll with words and labels, or .json in "
    "SQuAD's format"
)


def main(arguments=None):
    """Runs a command.

    Args:
        arguments: list of str, or None for the arguments of the process.

    Returns:
        int, the exit status: 0; 1 if an exported file does not give the same answers as its task; 2 for any
        other error. An error is printed in one line.
    """
    options = _parser().parse_args(arguments)
    # Imported here, so that --help works without TensorFlow Text.
    if options.command == "pretrain":
        from kerasbert import pretraining

        def run(options):
            pretraining.pretrain(pretraining.read_settings(options.config, options.allow_functions))

        another_model = ()
    elif options.command == "train":
        from kerasbert.train_command import train_command as run

        another_model = ()
    else:
        from kerasbert import export
        from kerasbert.export import commands

        another_model = export.VerificationError
        run = getattr(commands, f"{options.command}_command")
    try:
        run(options)
    except another_model as error:
        _tell(error)
        return 1
    # All exceptions, because Python's own exit status for them, 1, would mean that answers differ.
    except Exception as error:
        _tell(error)
        return 2
    return 0


def _tell(error):
    """Prints an error in one line, with its type unless it is of a kind that says what to do."""
    known = isinstance(error, (ImportError, RuntimeError, ValueError, OSError))
    message = " ".join(str(error).split())
    print(f"error: {message if known else f'{type(error).__name__}: {message}'}", file=sys.stderr)


def _parser():
    parser = argparse.ArgumentParser(prog="kerasbert", description="BERT in Keras 3.")
    parser.add_argument("--version", action="version", version=f"kerasbert {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    pretrain = commands.add_parser(
        "pretrain",
        help="pre-train from raw text; resumes where an earlier call was stopped",
        description="Pre-trains from raw text to a preset. Repeat the command to resume an interrupted run.",
    )
    pretrain.add_argument("--config", required=True, help="a TOML file; see examples/pretraining.toml")
    pretrain.add_argument(
        "--allow-functions",
        action="store_true",
        help="call the functions that the file names, such as jieba:lcut; only for files that you trust",
    )

    train = commands.add_parser(
        "train",
        help="fine-tune a classifier on a file of texts and labels",
        description="Fine-tunes a BertTextClassifier on a .csv, .tsv or .jsonl file, and saves it.",
    )
    train.add_argument("preset", help="the folder of a checkpoint, or hf://owner/name")
    train.add_argument("target", help="the .keras file to write")
    train.add_argument("--data", required=True, help="texts and labels to learn from")
    train.add_argument("--validation", help="texts and labels to measure the accuracy with, after each epoch")
    train.add_argument("--epochs", type=int, default=3)
    train.add_argument("--batch-size", type=int, default=32)
    train.add_argument("--learning-rate", type=float, default=3e-5, help="the peak, after warm-up (3e-5)")
    train.add_argument(
        "--max-length", type=int, help="the longest text, in tokens; longer ones are truncated"
    )
    train.add_argument(
        "--seed", type=int, default=0, help="of the new head, the order of rows, and dropout (0)"
    )

    export = commands.add_parser(
        "export",
        help="write a fine-tuned task for TF Serving, LiteRT or ONNX Runtime",
        description="Exports a task to a .tflite file, an .onnx file or the folder of a SavedModel.",
    )
    export.add_argument("model", help="a task's .keras file")
    export.add_argument("target", help="file or folder to write; replaced once the new one is complete")
    export.add_argument("--recipe", help="quantization of a .tflite file, such as mixed48 (default: int8)")
    export.add_argument(
        "--takes-text",
        action="store_true",
        help="write the tokenizer into the .tflite or .onnx file, so that it takes texts",
    )
    export.add_argument("--data", help=f"compare the exported file with the task on these {DATA}")
    export.add_argument(
        "--max-drop",
        type=float,
        help="instead of a recipe: the smallest .tflite file whose score is at most this much lower (0.005)",
    )
    export.add_argument(
        "--metric", default="accuracy", help="the score to compare; f1 for entities and answers"
    )

    verify = commands.add_parser(
        "verify",
        help="compare an exported file with its task",
        description="Prints how far the answers of an exported file are from its task's; exits with 1 if "
        "they differ too much.",
    )
    verify.add_argument("model", help="a task's .keras file")
    verify.add_argument("artifact", help="a .tflite or .onnx file, or the folder of a SavedModel")
    verify.add_argument("--data", required=True, help=DATA)
    verify.add_argument("--max-drop", type=float, help="the most that a score may drop, such as 0.005")

    for command in (export, verify):
        command.add_argument(
            "--min-agreement",
            type=float,
            help="smallest fraction of texts with the same answer, by a confidence interval (0.99 with data)",
        )
        command.add_argument(
            "--max-mean-difference",
            type=float,
            help="largest mean difference of a number, such as a probability; see `kerasbert.export.verify`",
        )
    for command in (train, export, verify):
        command.add_argument("--text", default="text", help="column of texts (text)")
        command.add_argument("--text-pair", help="column of second texts")
        command.add_argument("--label", default="label", help="column of labels (label)")

    benchmark = commands.add_parser(
        "benchmark",
        help="measure exported files on this machine",
        description="Prints size, latency, load time and memory of exported files, one sequence at a time.",
    )
    benchmark.add_argument("artifacts", nargs="+", help=".tflite or .onnx files, folders of SavedModels")
    benchmark.add_argument("--model", required=True, help="the task's .keras file, for its vocabulary")
    benchmark.add_argument("--lengths", type=int, nargs="+", default=[16, 32, 64, 128], help="in tokens")
    benchmark.add_argument("--threads", type=int, nargs="+", default=[1])
    benchmark.add_argument("--repeats", type=int, default=30)
    return parser


if __name__ == "__main__":
    sys.exit(main())
