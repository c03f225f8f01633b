#!/usr/bin/env bash
# test.sh [FOLDER]: compiles the program and compares its answers with those in FOLDER, which make_vectors.py wrote.
set -euo pipefail
here=$(dirname "$0") python=${PYTHON:-python3} build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
litert=$("$python" -c 'import importlib.util as u; print(*u.find_spec("ai_edge_litert").submodule_search_locations)')
"${CXX:-c++}" -std=c++17 -O2 -Wall -Wextra -Werror "$here/main.cpp" "$litert/libLiteRt.so" -Wl,-rpath,"$litert" -o "$build/kerasbert"
"$python" "$here/../compare.py" "${1:-build/clients}" utf-8 "$build/kerasbert"
