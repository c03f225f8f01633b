"""A wheel has all that it needs, and works where there is no checkout."""

import os
import pathlib
import subprocess
import sys
import venv
import zipfile

import pytest

import kerasbert

ROOT = pathlib.Path(__file__).resolve().parents[1]
USE = """
import pathlib, kerasbert
from kerasbert import export
folder = pathlib.Path(kerasbert.__file__).parent
assert folder.is_relative_to({site!r}), folder
tokenizer = kerasbert.BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
config = kerasbert.BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
task.compile()
task.fit(["good", "bad"] * 2, ["good", "bad"] * 2, verbose=0)
artifact = export.to_saved_model(task, "serving/1")
print(kerasbert.__version__, export.open_artifact(artifact).signatures is not None)
"""


def run(*command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, **kwargs)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_a_wheel_works_in_another_folder(tmp_path):
    # A copy, because setuptools builds within the folder of the sources.
    files = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    for name in files:
        if name and (ROOT / name).is_file():
            (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "source" / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, tmp_path / "source")
    (wheel,) = tmp_path.glob("kerasbert-*.whl")
    assert wheel.name.startswith(f"kerasbert-{kerasbert.__version__}-")
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = {name for name in files if name.startswith("kerasbert/") and name.endswith((".py", ".typed"))}
    sources |= {f"kerasbert/{name}" for name in files if name.startswith("export/") and name.endswith(".py")}
    assert {name for name in inside if ".dist-info" not in name} == sources
    # Its own place comes first, and what it depends on is this environment's.
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = pathlib.Path(run(python, "-c", "import site; print(site.getsitepackages()[0])").strip())
    zipfile.ZipFile(wheel).extractall(site)
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "others.pth").write_text("\n".join(others))
    (tmp_path / "empty").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    printed = run(python, "-c", USE.format(site=str(site)), cwd=tmp_path / "empty", env=environment)
    assert printed.split() == [kerasbert.__version__, "True"]
    printed = run(python, "-m", "kerasbert", "--help", cwd=tmp_path / "empty", env=environment)
    assert "pretrain" in printed
    points = next(name for name in inside if name.endswith("entry_points.txt"))
    assert "kerasbert = kerasbert.__main__:main" in zipfile.ZipFile(wheel).read(points).decode()
