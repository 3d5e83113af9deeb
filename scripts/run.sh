#!/usr/bin/env bash
# The main job on real parts, told step by step, and in a real browser; see e2e/demo. ONCE=1 ends after the story. scripts/setup.sh run and
# make build go before.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache
go build -o .cache/demo ./e2e/demo
demo=(.cache/demo -bin bin)
[ "${ONCE:-}" != 1 ] || demo+=(-once)
exec "${demo[@]}"
