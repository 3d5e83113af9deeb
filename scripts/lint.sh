#!/usr/bin/env bash
# golangci-lint (with gosec) and govulncheck, both pinned. VULNDB is a directory with a copy of the vulnerability database;
# without it govulncheck asks the public one.
set -euo pipefail
cd "$(dirname "$0")/.."

lint=$(scripts/tool.sh golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0)
echo "lint: golangci-lint" >&2
"$lint" run ./...

vuln=$(scripts/tool.sh govulncheck golang.org/x/vuln/cmd/govulncheck@v1.9.0)
if [ -n "${VULNDB:-}" ]; then
	echo "lint: govulncheck with the database in $VULNDB" >&2
	"$vuln" -db "file://$VULNDB" ./...
else
	echo "lint: govulncheck with the public database" >&2
	"$vuln" ./...
fi
