#!/usr/bin/env bash
# Builds a pinned tool into .cache/bin once, and prints where it is.
#
#   scripts/tool.sh NAME PACKAGE@VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$PWD/.cache/bin/$1-${2##*@}
if [ ! -x "$tool" ]; then
	echo "tool: building $2, once" >&2
	GOBIN=$PWD/.cache/bin CGO_ENABLED=0 GOFLAGS=-mod=mod go install "$2" >&2
	mv ".cache/bin/$1" "$tool"
fi
echo "$tool"
