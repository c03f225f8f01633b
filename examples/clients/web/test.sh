#!/usr/bin/env bash
# test.sh [FOLDER]: tests the page in headless Chromium with the files and answers that make_vectors.py wrote to FOLDER
set -euo pipefail
folder=$(realpath "${1:-build/clients}")
cd "$(dirname "$0")"
. ../set_up.sh
need node nodejs
[ -d node_modules/playwright-core ] || need_npm .
export CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$CHROMIUM" ]; then
    need chromium chromium
    CHROMIUM=$(command -v chromium)
fi
MODELS="$folder" node --test --test-timeout=900000 --test-reporter=spec test.mjs
