#!/usr/bin/env bash
# Checks the types of the extension (tsc) and what Firefox would say of it (web-ext lint). Node is needed only here; the packages
# are pinned and live in .cache/node. scripts/setup.sh lint goes before.
set -euo pipefail
cd "$(dirname "$0")/.."

major=$(node --version | sed 's/^v//; s/\..*//')
[ "$major" -ge 20 ] || {
	echo "lint: Node 20 or newer is needed, this is $(node --version): see https://nodejs.org" >&2
	exit 1
}

packages=(typescript@7.0.2 @types/chrome@0.3.7 web-ext@10.7.0)
home=$PWD/.cache/node
stamp=$home/$(printf '%s\n' "${packages[@]}" | sha256sum | cut -c1-16)
if [ ! -e "$stamp" ]; then
	echo "lint: installing ${packages[*]}, once" >&2
	rm -rf "$home"
	npm install --prefix "$home" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "${packages[@]}" >&2
	touch "$stamp"
fi

echo "lint: tsc" >&2
"$home/node_modules/.bin/tsc" --noEmit -p extension/tsconfig.json --typeRoots "$home/node_modules/@types"
echo "lint: web-ext lint" >&2
go run ./extension/build -out .cache/extension -version v0.0.0
"$home/node_modules/.bin/web-ext" lint --no-config-discovery --warnings-as-errors --source-dir .cache/extension/firefox
