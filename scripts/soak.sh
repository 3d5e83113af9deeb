#!/usr/bin/env bash
# The long forms of tests: the same tests as in `make test`, longer and with more of everything.
#
#   scripts/soak.sh [PART...]     without a part, all of them, one after the other
#
# A long form is an ordinary test that reads the environment variable KEYSHIFT_SOAK: a duration as Go writes it (2h, 3m), for
# which it goes on, with its full numbers; a test that counts instead of lasting (seeds, rounds, system calls) goes on with
# new ones until the duration is over. Without the variable it is the short form of `make test`, and a wrong value counts as none. To
# make a package part of `make soak`, read the variable in its test and add a line to the table below:
#
#   part        package                     tests (go test -run)
set -euo pipefail
cd "$(dirname "$0")/.."
parts='
sqlite          ./internal/systest/soak     ^TestSoakSQLite$
postgres        ./internal/systest/soak     ^TestSoakPostgres$
faults          ./e2e/faults                Survives
simulation      ./internal/simulation       ^TestSimulation$
model           ./internal/simulation       ^TestModel$
replicas        ./e2e/crash                 ^TestTheHistory
abuse           ./internal/systest/soak     ^TestTheHubIsAbused$
return          ./internal/systest/soak     ^TestEverybodyComesBack$
hostile         ./e2e/browser               ^TestStories$/./^hostile_pages$
browsers        ./e2e/browser               ^TestStories$/./every|log-ins
'

[ -n "${KEYSHIFT_TEST_POSTGRES:-}" ] || exec scripts/testpg.sh run scripts/soak.sh "$@"
export KEYSHIFT_SOAK=${KEYSHIFT_SOAK:-2h}
ulimit -n "$(ulimit -H -n)" # thousands of connections

run() {
	echo "soak: $1 for $KEYSHIFT_SOAK: $2 $3" >&2
	go test -count=1 -timeout 0 -v -run "$3" "$2"
}

wanted=" $* "
failed=()
known=0
while read -r part package tests; do
	[ -n "$part" ] || continue
	[ $# = 0 ] || [[ $wanted == *" $part "* ]] || continue
	known=$((known + 1))
	run "$part" "$package" "$tests" </dev/null || failed+=("$part")
done <<<"$parts"
[ $# = 0 ] || [ $known = $# ] || failed+=("a part that does not exist among: $*")
if [ ${#failed[@]} -gt 0 ]; then
	echo "soak: failed: ${failed[*]}" >&2
	exit 1
fi
echo "soak: passed" >&2
