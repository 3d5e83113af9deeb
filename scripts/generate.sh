#!/usr/bin/env bash
# Generates what is committed as generated: Go from proto/ (buf) and from internal/hub/store/queries (sqlc), and for the
# extension TypeScript from Go.
# The tools are pinned here and in proto/tools.mod, and live in .cache/bin.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.cache/bin
install_tool() { # name, package@version
	[ -x "$bin/$1-${2##*@}" ] && return
	GOBIN=$bin CGO_ENABLED=0 go install "$2"
	mv "$bin/$1" "$bin/$1-${2##*@}"
}
install_tool buf github.com/bufbuild/buf/cmd/buf@v1.75.0
install_tool sqlc github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
"$bin/buf-v1.75.0" lint
"$bin/buf-v1.75.0" generate
"$bin/sqlc-v1.31.1" generate -f internal/hub/store/sqlc.yaml
go run ./internal/native/typescript
go test ./internal/network/pack -run TestGeneratedFilesAreCurrent -args -update >/dev/null
