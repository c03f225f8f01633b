"""Serves the page at http://localhost:8000, with the headers that let a browser use threads.

python serve.py --models ../../../build/clients
"""

import argparse
import functools
import http.server
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


class Handler(http.server.SimpleHTTPRequestHandler):
    """Adds COOP and COEP, takes `models/` from another folder, and knows the types of modules everywhere."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments, models, **kwargs):
        self.models = models
        super().__init__(*arguments, directory=HERE, **kwargs)

    def translate_path(self, path):
        found = pathlib.Path(super().translate_path(path))
        inside = found.is_relative_to(HERE / "models")
        return str(self.models / found.relative_to(HERE / "models") if inside else found)

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--models", type=pathlib.Path, default=HERE / "models", help="what make_vectors.py wrote"
    )
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    handler = functools.partial(Handler, models=options.models.resolve())
    with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler) as server:
        print(f"http://localhost:{server.server_port}", flush=True)
        server.serve_forever()
