#!/usr/bin/env bash
# Measures and writes docs/benchmarks.md. scripts/setup.sh test and make build go before.
#
#   scripts/bench.sh [REGEXP]   the benchmarks of internal/bench whose name matches; all of them, in 30 minutes, without it
#   scripts/bench.sh scale      100,000 agents; takes up to half an hour and most of 16 GiB
#
# Results of a part stay in bin/bench beside the others, and the page shows them all.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${KEYSHIFT_TEST_POSTGRES:-}" ] || exec scripts/testpg.sh durable scripts/bench.sh "$@"

case ${1:-} in
scale) export KEYSHIFT_BENCH_AGENTS=100000 && only='^BenchmarkScale$' ;;
"") rm -rf bin/bench && only=. ;;
*) only=$1 ;;
esac
# What could be measured is on the page, also when a part failed.
status=0
go test -run '^$' -bench "$only" -benchtime 1x -timeout 60m -v ./internal/bench || status=$?
go run ./e2e/bench -version "$(git describe --tags --always --dirty 2>/dev/null || echo unknown)"
exit "$status"
