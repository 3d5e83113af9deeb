#!/usr/bin/env bash
# Formatting, go vet and every test, against one PostgreSQL for all of them. scripts/setup.sh test goes before.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${KEYSHIFT_TEST_POSTGRES:-}" ] || exec scripts/testpg.sh run scripts/test.sh

# Packages where goroutines meet run with the race detector; the others would only be slower.
concurrent='/internal/(agent|hub|hubclient|ipc|localclient|osring|systest)(/|$)'
# In these a crowd of agents works beside hubs in processes of their own: with the detector they would measure the detector.
crowds='/internal/systest/(realhub|soak)$'
# Most tests of these are stories of one user after another, and take five to ten times as long under the detector. All of them
# run without it, and those where many meet once more with it.
stories='/internal/(agent|hub|hub/audit|hub/store|systest)$'
met='Command|Caller|WakeUps|CloseStore|MomentOf|Together|Bus|Notifier|AtOnce|Slips|OfMany|ManyAccounts|AllLose|AtTheOther|FromAfar|Stream|Happens'
met+='|HearsOf|KeptBack|Replicas|ComesBack|Overlooked|ForTheKey|JudgesForTheHub|Rotated|Arrives|During|Overtakes|Obeyed|Restart|SameRequest|Idle'
# Those that take longest begin first, so that nothing waits for them at the end.
longest=(e2e/browser extension internal/simulation e2e/content internal/systest/soak e2e internal/systest e2e/crash e2e/faults)

# What waits for disks and PostgreSQL, one test after the other, needs little of a processor and runs beside all others.
waiting='/internal/hub/store$'

# What draws with Fyne is named here, and left out of ./... by go.mod. With the tag `ci` it draws in memory, without C and
# without a display.
drawn=(./internal/tray/fyneui ./cmd/tray)

say() { echo "test: $*" >&2; }

say "gofmt"
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	say "run gofmt -w on:" "$unformatted"
	exit 1
fi

# What several packages start is linked once for all of them, meanwhile.
KEYSHIFT_TEST_PROGRAMS=$(mktemp -d)
export KEYSHIFT_TEST_PROGRAMS
go run ./e2e/programs "$KEYSHIFT_TEST_PROGRAMS" &
linking=$!
trap 'kill "$linking" 2>/dev/null; wait "$linking" || true; rm -rf "$KEYSHIFT_TEST_PROGRAMS"' EXIT

say "go vet"
go vet ./...
CGO_ENABLED=0 go vet -tags ci "${drawn[@]}"

all=$(go list ./...)
raced=$(grep -E "$concurrent" <<<"$all" | grep -vE "$crowds|$stories")
plain=$(grep -vxF "$raced" <<<"$all" | grep -vE "$waiting")
mapfile -t waiting < <(grep -E "$waiting" <<<"$all")
module=$(go list -m)
mapfile -t plain < <((printf "$module/%s\n" "${longest[@]}"; echo "$plain") | awk '!seen[$0]++')
mapfile -t raced <<<"$raced"
mapfile -t stories < <(grep -E "$stories" <<<"$all" | sort -r)

# Most packages wait for something more often than they compute, so more of them run at once than there are processors.
at_once=$(($(nproc) * 3 / 2))
# go vet has looked at everything already. Only what hangs reaches the time limit: on a busy machine the longest package takes 8 minutes.
tests=(go test -vet=off -timeout 20m)

# What has the race detector, and what draws, waits more than it computes. It runs in a lane of its own beside the others, one
# package after the other, so that neither lane's end leaves a processor idle for long.
lane=$((($(nproc) + 1) / 2))
beside() {
	failed=0
	also env CGO_ENABLED=0 "${tests[@]}" -p "$lane" -tags ci "${drawn[@]}"
	also "${tests[@]}" -p "$lane" -race -run "$met" "${stories[@]}"
	also "${tests[@]}" -p "$lane" -race "${raced[@]}"
	return "$failed"
}
waits() {
	failed=0
	also "${tests[@]}" "${waiting[@]}"
	return "$failed"
}
# also runs a command of the lane, which ends when the lane is told to.
also() {
	"$@" &
	trap 'kill "$!" 2>/dev/null' TERM
	wait "$!" || failed=1
}

say "the programs"
wait "$linking"
trap 'rm -rf "$KEYSHIFT_TEST_PROGRAMS"' EXIT

say "go test, ${#plain[@]} packages; beside them ${#drawn[@]} of what draws, ${#raced[@]} with the race detector, and what of ${#stories[@]} has many meet"
said=$(mktemp -d)
beside >"$said/beside" 2>&1 &
running=("$!")
waits >"$said/waits" 2>&1 &
running+=("$!")
trap 'kill "${running[@]}" 2>/dev/null; rm -rf "$said" "$KEYSHIFT_TEST_PROGRAMS"' EXIT
failed=0
"${tests[@]}" -p "$at_once" "${plain[@]}" || failed=1
for job in "${running[@]}"; do
	wait "$job" || failed=1
done
trap 'rm -rf "$said" "$KEYSHIFT_TEST_PROGRAMS"' EXIT
say "what ran beside"
cat "$said"/*
exit "$failed"
