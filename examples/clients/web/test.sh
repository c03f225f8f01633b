#!/usr/bin/env bash
# test.sh [FOLDER]: tests the page with the files and vectors that make_vectors.py wrote to FOLDER
set -euo pipefail
folder=$(realpath "${1:-build/clients}")
cd "$(dirname "$0")"
browser=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$browser" ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium >/dev/null
    browser=$(command -v chromium)
fi
[ -d node_modules/playwright-core ] || npm install --ignore-scripts --no-audit --no-fund --silent
CHROMIUM="$browser" MODELS="$folder" node --test --test-reporter=spec test.mjs
