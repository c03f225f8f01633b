"""The command line: `python -m kerasbert pretrain --config run.toml`."""

import argparse
import sys


def main(arguments=None):
    """Runs a command.

    Args:
        arguments: list of str, or None for those of the process.

    Returns:
        int, the exit status: 0, or 2 where the input is wrong, which is told in one line.
    """
    parser = argparse.ArgumentParser(prog="python -m kerasbert", description="BERT in Keras 3.")
    commands = parser.add_subparsers(dest="command", required=True)
    pretrain = commands.add_parser(
        "pretrain",
        help="pre-train from raw text; goes on where an earlier call was stopped",
        description="Pre-trains from raw text to a preset. Given again, it goes on with a run.",
    )
    pretrain.add_argument("--config", required=True, help="a TOML file; see examples/pretraining.toml")
    options = parser.parse_args(arguments)
    from kerasbert import pretraining  # here, so that --help needs no TensorFlow

    try:
        pretraining.pretrain(pretraining.read_settings(options.config))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
