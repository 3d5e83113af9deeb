#!/usr/bin/env bash
# Formatting, go vet and every test, against one PostgreSQL for all of them. scripts/setup.sh test goes before.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${KEYSHIFT_TEST_POSTGRES:-}" ] || exec scripts/testpg.sh run scripts/test.sh

# Packages where goroutines meet run with the race detector; the others would only be slower.
concurrent='/internal/(agent|hub|hubclient|ipc|localclient|osring|systest)(/|$)'
# In these a crowd of agents works beside hubs in processes of their own: with the detector they would measure the detector.
crowds='/internal/systest/(realhub|soak)$'
# Most tests of the store are about what the engines do with much data, and take ten times as long under the detector. All
# of them run without it, and those where writers and readers meet once more with it.
store='/internal/hub/store$'
met='Command|Caller|WakeUps|CloseStore|MomentOf|Together|Bus|Notifier|ManyAtOnce|Slips'

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

mapfile -t raced < <(go list ./... | grep -E "$concurrent" | grep -vE "$crowds|$store" | sort -r) # internal/systest waits most: first
mapfile -t plain < <(go list ./... | grep -E "$crowds|$store"; go list ./... | grep -vE "$concurrent")

say "go test, ${#plain[@]} packages"
go test -timeout 8m "${plain[@]}"
say "go test of what draws, ${#drawn[@]} packages"
CGO_ENABLED=0 go test -timeout 8m -tags ci "${drawn[@]}"
say "go test with the race detector, ${#raced[@]} packages and the writers of the store"
go test -timeout 8m -race -run "$met" ./internal/hub/store
go test -timeout 8m -race "${raced[@]}"
