"""Serves the page at http://localhost:8000, with the headers that let a browser use threads.

    python serve.py film.tflite        # files of your own, whatever their tasks are
    python serve.py build/clients      # the folder that make_vectors.py wrote

The files come from `kerasbert.export.to_tflite(task, "film.tflite", text=True, lengths=(32, 128))`. The page
shows a tab for each. Python alone is needed, and npm once, for LiteRT.js.
"""

import argparse
import functools
import http.server
import json
import pathlib
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = HERE / "node_modules" / "@litertjs" / "core"
VIEWS = {"classify": "assistant", "tag": "entities", "answer": "questions", "embed": "search"}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Adds COOP and COEP, takes `models/` from elsewhere, and knows the types of modules everywhere.

    Args:
        models: dict of what stands in `models/`, by name: a path, or bytes.
    """

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments, models, **kwargs):
        self.models = models
        super().__init__(*arguments, directory=HERE, **kwargs)

    def do_GET(self):
        content = self.models.get(self.path.removeprefix("/models/"))
        if not isinstance(content, bytes):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def translate_path(self, path):
        found = self.models.get(path.removeprefix("/models/"))
        return super().translate_path(path) if found is None else str(found)

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


def view_of(path):
    """The tab of the page for a file."""
    try:
        with zipfile.ZipFile(path) as archive:
            description = json.loads(archive.read("task.json"))
    except (zipfile.BadZipFile, KeyError):
        description = {"kind": None, "signatures": []}
    kind = description["kind"]
    if not any(name.rpartition("_")[2].isdecimal() for name in description["signatures"]):
        raise SystemExit(f"{path} was written without text=True, lengths=(32, 128) of to_tflite.")
    if kind not in VIEWS:
        raise SystemExit(f"The page has no tab for {path}, a file that can {kind}: only for {[*VIEWS]}.")
    return VIEWS[kind]


def models_of(paths, sentences):
    """What stands in `models/`: the files, what a search reads, and `models.json`, which names the tabs."""
    if len(paths) == 1 and paths[0].is_dir():
        return {path.name: path for path in paths[0].iterdir()}
    names = {view_of(path): path.name for path in paths}
    if len(names) < len(paths):
        raise SystemExit(
            f"The page shows one file of a kind, and these are {len(paths)} of {len(names)} kinds."
        )
    # explain.html asks for the name that make_vectors.py gives.
    files = {path.name: path for path in paths} | {f"{view_of(path)}.tflite": path for path in paths}
    return files | {"models.json": json.dumps(names).encode(), "sentences.txt": sentences}


def examples():
    """The sentences of the demo's assistant, one a line."""
    rows = (HERE.parents[1] / "data" / "assistant_test.tsv").read_text(encoding="utf-8").splitlines()
    return "\n".join(row.split("\t")[0] for row in rows[1:]).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", type=pathlib.Path, nargs="+", help=".tflite files, or a folder")
    parser.add_argument(
        "--sentences", type=pathlib.Path, help="what an embedder searches, a text file of a sentence a line"
    )
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    sentences = options.sentences.read_bytes() if options.sentences else examples()
    models = models_of([path.resolve() for path in options.models], sentences)
    if not RUNTIME.is_dir():
        print("npm installs LiteRT.js", file=sys.stderr)
        command = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--omit=dev"]
        subprocess.run(command, cwd=HERE, check=True)
    handler = functools.partial(Handler, models=models)
    with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler) as server:
        print(f"http://localhost:{server.server_port}", flush=True)
        server.serve_forever()
