#!/usr/bin/env bash
# test.sh [FOLDER]: compares the client's answers with those in FOLDER, which make_vectors.py wrote: by LiteRT with the int8
# files, and by ONNX Runtime with the float32 ones, each in a new environment that has the runtime and numpy alone.
set -euo pipefail
here=$(dirname "$0") PYTHON=${PYTHON:-python3} build=$(mktemp -d) folder=${1:-build/clients}
trap 'rm -rf "$build"' EXIT
. "$here/../set_up.sh"
answer() { # answer NAME PACKAGE [--onnx]
    "$PYTHON" -m venv "$build/$1" || skip "$PYTHON cannot make an environment"
    "$build/$1/bin/python" -m pip install --quiet --disable-pip-version-check "$2" numpy || skip "pip cannot install $2"
    echo "with $2:"
    "$PYTHON" "$here/../compare.py" ${3:-} "$folder" utf-32-le "$build/$1/bin/python" "$here/kerasbert_device.py"
}
answer litert "ai-edge-litert==$(litert_version)"
answer onnx onnxruntime --onnx
