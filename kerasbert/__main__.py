"""The command line: `python -m kerasbert pretrain`, `export`, `verify` and `benchmark`."""

import argparse
import sys

DATA = (
    "texts and labels: .csv, .tsv or .jsonl with columns of these, .conll with words and labels, or .json in "
    "SQuAD's format"
)


def main(arguments=None):
    """Runs a command.

    Args:
        arguments: list of str, or None for those of the process.

    Returns:
        int, the exit status: 0; 1 where an artifact is not the same model; 2 where the input is wrong. Both
        are told in one line.
    """
    options = _parser().parse_args(arguments)
    # Here, so that --help answers without TensorFlow Text.
    if options.command == "pretrain":
        from kerasbert import pretraining

        def run(options):
            pretraining.pretrain(pretraining.read_settings(options.config, options.allow_functions))

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
    # All of them: Python's own exit status, 1, would say that an artifact is another model.
    except Exception as error:
        _tell(error)
        return 2
    return 0


def _tell(error):
    """Prints an error in one line, with its type if it is none of those that say what to do."""
    known = isinstance(error, (ImportError, RuntimeError, ValueError, OSError))
    message = " ".join(str(error).split())
    print(f"error: {message if known else f'{type(error).__name__}: {message}'}", file=sys.stderr)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m kerasbert", description="BERT in Keras 3.")
    commands = parser.add_subparsers(dest="command", required=True)
    pretrain = commands.add_parser(
        "pretrain",
        help="pre-train from raw text; goes on where an earlier call was stopped",
        description="Pre-trains from raw text to a preset. Given again, it goes on with a run.",
    )
    pretrain.add_argument("--config", required=True, help="a TOML file; see examples/pretraining.toml")
    pretrain.add_argument(
        "--allow-functions",
        action="store_true",
        help="call the functions that the file names, such as jieba:lcut; only for files that you trust",
    )

    export = commands.add_parser(
        "export",
        help="write a fine-tuned task for TF Serving, LiteRT or ONNX Runtime",
        description="Exports a task to a .tflite file, an .onnx file or the folder of a SavedModel.",
    )
    export.add_argument("model", help="a task's .keras file")
    export.add_argument("target", help="what to write; it is replaced once the new one is complete")
    export.add_argument("--recipe", help="of a .tflite file, such as mixed48; without one int8")
    export.add_argument("--data", help=f"compare what is written with the model on these {DATA}")
    export.add_argument(
        "--max-drop",
        type=float,
        help="instead of a recipe: the smallest .tflite file whose score is at most this much lower (0.005)",
    )
    export.add_argument("--metric", default="accuracy", help="which score; f1 for entities and answers")

    verify = commands.add_parser(
        "verify",
        help="compare an artifact with the task it was made of",
        description="Prints how far an artifact is from its task; exits with 1 if it is another model.",
    )
    verify.add_argument("model", help="a task's .keras file")
    verify.add_argument("artifact", help="a .tflite or .onnx file, or the folder of a SavedModel")
    verify.add_argument("--data", required=True, help=DATA)
    verify.add_argument("--max-drop", type=float, help="how much a score may lose at most, such as 0.005")

    for command in (export, verify):
        command.add_argument(
            "--min-agreement",
            type=float,
            help="smallest share of texts with the same answer, judged by an interval (0.99 with data)",
        )
        command.add_argument(
            "--max-mean-difference",
            type=float,
            help="largest mean difference of a number, such as a probability; see `kerasbert.export.verify`",
        )
        command.add_argument("--text", default="text", help="column of texts (text)")
        command.add_argument("--text-pair", help="column of second texts")
        command.add_argument("--label", default="label", help="column of labels (label)")

    benchmark = commands.add_parser(
        "benchmark",
        help="measure artifacts on this machine",
        description="Prints size, latency, load time and memory of artifacts, for one sequence at a time.",
    )
    benchmark.add_argument("artifacts", nargs="+", help=".tflite or .onnx files, folders of SavedModels")
    benchmark.add_argument("--model", required=True, help="the .keras file, for its vocabulary")
    benchmark.add_argument("--lengths", type=int, nargs="+", default=[16, 32, 64, 128], help="in tokens")
    benchmark.add_argument("--threads", type=int, nargs="+", default=[1])
    benchmark.add_argument("--repeats", type=int, default=30)
    return parser


if __name__ == "__main__":
    sys.exit(main())
