"""Makes a page of each notebook in `examples`, with the outputs and pictures that are kept in it."""

import base64
import json
import pathlib
import posixpath
import re

from mkdocs.structure.files import File

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "notebooks"
# Links of other pages lead to the files, as they must on GitHub.
LINK = re.compile(r"\]\((?:\.\./)+examples/notebooks/(\w+)\.ipynb\)")


def on_files(files, config):
    """Adds a page for each notebook, and a file for each picture."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for uri, content in pages_of(path):
            files.append(File.generated(config, f"notebooks/{uri}", content=content))
    return files


def on_page_markdown(markdown, page, **_):
    """Turns links to notebooks into links to their pages."""
    here = posixpath.dirname(page.file.src_uri)
    return LINK.sub(lambda link: f"]({posixpath.relpath(f'notebooks/{link[1]}.md', here or '.')})", markdown)


def pages_of(path):
    """Yields the names and contents of a notebook's pictures, and last of its page."""
    parts = []
    for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("](../../docs/", "](../"))
            continue
        parts.append(f"```python\n{source}\n```")
        for place, output in enumerate(cell["outputs"]):
            data = {kind: "".join(value) for kind, value in output.get("data", {}).items()}
            if "image/png" in data:
                name = f"{path.stem}_{number}_{place}.png"
                yield name, base64.b64decode(data["image/png"])
                parts.append(f"![The picture that the code above draws]({name})")
            elif "text/html" in data:
                parts.append(f"<div>{data['text/html']}</div>")
            else:
                text = "".join(output.get("text", "")) or data["text/plain"]
                parts.append(f"```text\n{text.rstrip()}\n```")
    note = f"This page is the notebook `examples/notebooks/{path.name}`, as it was run."
    yield f"{path.stem}.md", "\n\n".join([*parts, "---", note])
