#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (20s unless set), two at a time: fuzz.sh [PACKAGE...]. What a target finds is kept in
# the testdata/fuzz of its package, where every later `go test` tries it first.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "fuzz: $*" >&2; }

# targets prints each package with each of its targets.
targets() {
	local package
	for package in "$@"; do
		grep -hoE '^func Fuzz[A-Za-z0-9]+' "$package"/*_test.go | sed "s|^func |$package |"
	done
}

# try runs a target. Left alone, Go spends up to a minute on making each interesting input small and tries nothing else meanwhile:
# slow targets had 20 tries in 20 seconds for it, where they now have tens of thousands.
try() { go test -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 50x -parallel "$workers" "$1" 2>&1; }

# only_late says whether a run failed by nothing but its own end, which Go before 1.27 may take for a failure
# (https://go.dev/issue/75804). Then nothing was found and nothing written.
only_late() { grep -qx ' *context deadline exceeded' <<<"$1" && ! grep -q 'Failing input written' <<<"$1"; }

# fuzz prints what a target did when it is over, so that two do not mix.
fuzz() {
	local output
	if output=$(try "$@") || { only_late "$output" && say "$1 $2: Go gave up at its end, once more" && output=$(try "$@"); }; then
		say "$1 $2: $(grep -oE 'execs: [0-9]+' <<<"$output" | tail -n 1), nothing found"
	else
		say "$1 $2 failed:"$'\n'"$output"
		echo "$1 $2" >>"$failed"
	fi
}

[ $# -gt 0 ] || mapfile -t packages < <(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')
[ $# -eq 0 ] || packages=("$@")
workers=$((($(nproc) + 1) / 2))
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT
while read -r package target; do
	[ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
	fuzz "$package" "$target" &
done < <(targets "${packages[@]}")
wait
[ ! -s "$failed" ] || { say "failed:" $(tr '\n' ';' <"$failed"); exit 1; }
say "nothing found"
