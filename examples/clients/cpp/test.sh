#!/usr/bin/env bash
# test.sh [FOLDER]: compiles the program and compares its answers with those in FOLDER, which make_vectors.py wrote.
set -euo pipefail
here=$(dirname "$0") PYTHON=${PYTHON:-python3} build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
. "$here/../set_up.sh"
need c++ g++
litert=$(litert_folder)
c++ -std=c++17 -O2 -Wall -Wextra -Werror "$here/main.cpp" "$litert/libLiteRt.so" -Wl,-rpath,"$litert" -o "$build/kerasbert"
"$PYTHON" "$here/../compare.py" "${1:-build/clients}" utf-8 "$build/kerasbert"
