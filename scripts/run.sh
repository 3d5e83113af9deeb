#!/usr/bin/env bash
# The main job on real parts; see e2e/demo. ONCE=1 ends after the story. Without a session bus or without a keyring
# behind it, a private session with gnome-keyring is started, which ends with the demo.
set -euo pipefail
cd "$(dirname "$0")/.."

demo=(go run ./e2e/demo -bin bin)
[ "${ONCE:-}" = 1 ] && demo+=(-once)

has_keyring() {
	[ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ] || return 1
	printf probe | timeout 10 secret-tool store --label='Keyshift probe' service keyshift-probe 2>/dev/null &&
		timeout 10 secret-tool clear service keyshift-probe 2>/dev/null
}
if has_keyring; then
	exec "${demo[@]}"
fi

echo "No unlocked keyring in this session: starting a private one."
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
mkdir -m 700 "$private/run" "$private/data"
XDG_RUNTIME_DIR=$private/run XDG_DATA_HOME=$private/data dbus-run-session -- bash -c '
	printf keyshift-demo | gnome-keyring-daemon --unlock --components=secrets >/dev/null
	exec "$@"
' _ "${demo[@]}"
