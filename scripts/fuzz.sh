#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (20s unless set), one after the other: fuzz.sh [PACKAGE...]. What a target finds
# is kept in the testdata/fuzz of its package, where every later `go test` tries it first.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "fuzz: $*" >&2; }

[ $# -gt 0 ] || mapfile -t packages < <(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')
[ $# -eq 0 ] || packages=("$@")
failed=()
for package in "${packages[@]}"; do
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9]+' "$package"/*_test.go | sed 's/^func //'); do
		say "$package $target for ${FUZZTIME:-20s}"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" "$package" || failed+=("$package $target")
	done
done
[ ${#failed[@]} -eq 0 ] || { say "failed:" "${failed[@]}"; exit 1; }
say "nothing found"
