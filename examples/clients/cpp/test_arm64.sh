#!/usr/bin/env bash
# test_arm64.sh [FOLDER]: what test.sh does, for a 64-bit ARM processor, which QEMU plays: version 10 or later, since older
# ones compute garbage. QEMU=path/to/qemu-aarch64 says where it is; else it comes from the backports of Debian 12.
set -euo pipefail
here=$(dirname "$0") PYTHON=${PYTHON:-python3} build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
. "$here/../set_up.sh"
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu

is_new() { [ "$("$1" --version | sed -n '1s/.*version \([0-9]*\)\..*/\1/p')" -ge 10 ]; }

# Unpacked and not installed, so that the machine's own QEMU stays, and so do its lists of packages.
fetch_qemu() {
    mkdir -p "$build/lists/partial" "$build/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main" >"$build/sources"
    local options=(-qq -o "Dir::Etc::SourceList=$build/sources" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$build/lists" -o "Dir::Cache=$build/cache")
    (cd "$build" && apt-get "${options[@]}" update && apt-get "${options[@]}" download qemu-user && dpkg -x qemu-user_*.deb .) >/dev/null 2>&1
}

qemu=${QEMU:-$(command -v qemu-aarch64 || true)}
if [ -z "$qemu" ] || ! is_new "$qemu"; then
    fetch_qemu || skip "QEMU 10 or later is missing, and Debian's backports cannot be reached"
    qemu=$build/usr/bin/qemu-aarch64
fi
"$PYTHON" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$build" \
    --platform manylinux_2_27_aarch64 "ai-edge-litert==$(litert_version)" || skip "pip cannot download LiteRT for arm64"
"$PYTHON" -m zipfile -e "$build"/*.whl "$build"
litert=$build/ai_edge_litert
aarch64-linux-gnu-g++ -std=c++17 -O2 "$here/main.cpp" "$litert/libLiteRt.so" -Wl,-rpath,"$litert" -o "$build/kerasbert"
# As far as a quantized file's own self-test lets other processors differ: one product rounded the other way moves a score.
TOLERANCE=0.05 "$PYTHON" "$here/../compare.py" "${1:-build/clients}" utf-8 \
    "$qemu" -cpu cortex-a76 -L /usr/aarch64-linux-gnu "$build/kerasbert"
