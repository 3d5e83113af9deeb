#!/usr/bin/env bash
# Packages the tray for Linux with what FyneApp.toml says of it: bin/package/keyshift-tray.tar.xz.
#
# `fyne package` reads FyneApp.toml only beside the main program, and cannot read the `ignore` of our go.mod. So it works on
# a copy of the tree that has it as the tool wants it.
set -euo pipefail
cd "$(dirname "$0")/.."

fyne=$(scripts/tool.sh fyne fyne.io/tools/cmd/fyne@v1.7.4)
options=(--release --tags x11,migrated_fynedo)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$stage"
out=$PWD/bin/package
mkdir -p "$out"
cd "$stage"
sed -i '/^ignore/d' go.mod
sed 's|^Icon = "|&../../|' FyneApp.toml >cmd/tray/FyneApp.toml
cd cmd/tray
CGO_ENABLED=1 "$fyne" build "${options[@]}" -o keyshift-tray
"$fyne" package "${options[@]}" --target linux --executable keyshift-tray --name Keyshift
mv Keyshift.tar.xz "$out/keyshift-tray.tar.xz"
ls -l "$out"
