#!/usr/bin/env bash
# test_arm64.sh [FOLDER]: what test.sh does, for a 64-bit ARM processor, which QEMU plays. Needs the package
# g++-aarch64-linux-gnu and QEMU 10 or later, as QEMU=path/to/qemu-aarch64 or on the path: older ones compute garbage.
set -euo pipefail
here=$(dirname "$0") python=${PYTHON:-python3} qemu=${QEMU:-qemu-aarch64} build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
version=$("$qemu" --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
[ "$version" -ge 10 ] || { echo "QEMU 10 or later is needed, and this is $version" >&2; exit 1; }
wheel=$("$python" -c 'from importlib.metadata import version as v; print("ai-edge-litert==" + v("ai-edge-litert"))')
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$build" \
    --platform manylinux_2_27_aarch64 "$wheel"
"$python" -m zipfile -e "$build"/*.whl "$build"
litert=$build/ai_edge_litert
aarch64-linux-gnu-g++ -std=c++17 -O2 "$here/main.cpp" "$litert/libLiteRt.so" -Wl,-rpath,"$litert" -o "$build/kerasbert"
# As far as a quantized file's own self-test lets other processors differ: one product rounded the other way moves a score.
TOLERANCE=0.05 "$python" "$here/../compare.py" "${1:-build/clients}" utf-8 \
    "$qemu" -cpu cortex-a76 -L /usr/aarch64-linux-gnu "$build/kerasbert"
