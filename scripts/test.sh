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
longest='/internal/(simulation|systest|systest/soak|hub/store)$|/e2e$|/e2e/(crash|faults)$'

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

say "go vet"
go vet ./...
CGO_ENABLED=0 go vet -tags ci "${drawn[@]}"

all=$(go list ./...)
raced=$(grep -E "$concurrent" <<<"$all" | grep -vE "$crowds|$stories")
plain=$(grep -vxF "$raced" <<<"$all")
mapfile -t plain < <(grep -E "$longest" <<<"$plain" | sort -r; grep -vE "$longest" <<<"$plain")
mapfile -t raced <<<"$raced"
mapfile -t stories < <(grep -E "$stories" <<<"$all" | sort -r)

# go vet has looked at everything already.
say "go test, ${#plain[@]} packages"
go test -vet=off -timeout 8m "${plain[@]}"
say "go test of what draws, ${#drawn[@]} packages"
CGO_ENABLED=0 go test -vet=off -timeout 8m -tags ci "${drawn[@]}"
say "go test with the race detector, where many meet in ${#stories[@]} packages, and ${#raced[@]} packages"
go test -vet=off -timeout 8m -race -run "$met" "${stories[@]}"
go test -vet=off -timeout 8m -race "${raced[@]}"
