#!/usr/bin/env bash
# test.sh [FOLDER]: tests every client with the files and answers that make_vectors.py wrote to FOLDER, and says at the end
# which passed, which failed, and which could not be tested here, and why. `make test-clients` calls it.
set -uo pipefail
folder=$(realpath "${1:-build/clients}") report=$(mktemp)
trap 'rm -f "$report"' EXIT
cd "$(dirname "$0")"
passed=0 failed=0 skipped=0
for client in */; do
    client=${client%/}
    if [ ! -e "$client/test.sh" ]; then
        skipped=$((skipped + 1))
        echo "$client: SKIPPED: it has no test, see $client/README.md" >>"$report"
        continue
    fi
    echo "== $client"
    "$client/test.sh" "$folder" 2>&1 | tee "$report.$client"
    status=${PIPESTATUS[0]} reason=$(grep -m 1 '^SKIPPED' "$report.$client")
    rm -f "$report.$client"
    case $status in
    0) passed=$((passed + 1)) && echo "$client: passed" >>"$report" ;;
    77) skipped=$((skipped + 1)) && echo "$client: $reason" >>"$report" ;;
    *) failed=$((failed + 1)) && echo "$client: FAILED with status $status" >>"$report" ;;
    esac
done
echo "== clients"
cat "$report"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
