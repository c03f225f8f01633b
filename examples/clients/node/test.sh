#!/usr/bin/env bash
# test.sh [FOLDER]: compares the program's answers with those of Keras in FOLDER, which make_vectors.py wrote.
set -euo pipefail
here=$(dirname "$0") PYTHON=${PYTHON:-python3}
. "$here/../set_up.sh"
need node nodejs
[ -d "$here/node_modules/onnxruntime-web" ] || need_npm "$here"
"$PYTHON" "$here/../compare.py" --onnx "${1:-build/clients}" utf-32-le node "$here/main.mjs"
