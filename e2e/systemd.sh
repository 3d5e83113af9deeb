#!/usr/bin/env bash
# The agent as a user service under a real systemd: a small Debian is made once, booted in a container, and an ordinary
# user installs, crashes, stops and removes the service in it. Needs root; `make test-systemd` builds the programs
# and installs the tools. KEYSHIFT_AGENT names another agent than bin/keyshift-agent.
set -euo pipefail
cd "$(dirname "$0")/.."

agent=${KEYSHIFT_AGENT:-bin/keyshift-agent}
image=.cache/systemd/bookworm.tar
user=dana
packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps

say() { echo "systemd: $*" >&2; }
fail() {
	say "FAILED: $*"
	inside journalctl --no-pager --lines 30 >&2 || true
	exit 1
}

make_image() {
	[ -s "$image" ] && return
	say "making a Debian, once (about 30 seconds)"
	mkdir -p "${image%/*}"
	mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" bookworm "$image.part"
	mv "$image.part" "$image"
}

boot() {
	dir=$(mktemp -d /var/tmp/keyshift-systemd.XXXXXX)
	trap shut_down EXIT
	tar --numeric-owner -xf "$image" -C "$dir"
	install -m 0755 "$agent" "$dir/usr/bin/keyshift-agent"
	systemd-nspawn --quiet --register=no --keep-unit --console=pipe -D "$dir" -b >"$dir.log" 2>&1 </dev/null &
	nspawn=$!
	eventually 60 "the Debian boots (see $dir.log)" booted
}

booted() {
	leader=$(pgrep -P "$nspawn" | head -n 1) || return 1
	inside systemctl is-active --quiet multi-user.target dbus.service
}

shut_down() {
	[ -z "${leader:-}" ] || inside systemctl poweroff --force --force 2>/dev/null || true
	if [ -n "${nspawn:-}" ]; then
		kill "$nspawn" 2>/dev/null || true
		wait "$nspawn" 2>/dev/null || true
	fi
	rm -rf "$dir" "$dir.log" "$dir.out"
}

# inside runs a command in the container as root, as_user as the user with a session of his own.
inside() { nsenter --target "$leader" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as_user() {
	inside runuser -u "$user" -- env HOME="/home/$user" USER="$user" XDG_RUNTIME_DIR="/run/user/$uid" "$@"
}
in_foreground() { inside runuser -u "$user" -- env HOME="/home/$user" USER="$user" "$@"; } # no session

# eventually repeats a command until it succeeds.
eventually() {
	local seconds=$1 what=$2 end=$((SECONDS + $1))
	shift 2
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || fail "not after $seconds s: $what"
		read -r -t 0.2 <> <(:) || true
	done
	say "ok: $what"
}

expect() {
	local what=$1
	shift
	"$@" || fail "$what"
	say "ok: $what"
}

agent_is() { as_user keyshift-agent status 2>/dev/null | grep -q "^$1"; }
main_pid() { as_user systemctl --user show --property=MainPID --value keyshift-agent.service; }
new_pid() { local now; now=$(main_pid) && [ "$now" != 0 ] && [ "$now" != "$1" ]; }
# proc_line WORD VALUE: a line of the agent's /proc/PID/status.
proc_line() { inside grep -qE "^$1:[[:space:]]+$2\$" "/proc/$(main_pid)/status"; }
no_core() { inside grep -qE '^Max core file size +0 +0 ' "/proc/$(main_pid)/limits"; }
refuses() { ! as_user keyshift-agent "$@" >"$dir.out" 2>&1; }
unit_gone() { ! inside test -e "$unit"; }
link_gone() { ! inside test -L "/home/$user/.config/systemd/user/default.target.wants/keyshift-agent.service"; }

[ "$(id -u)" = 0 ] || {
	say "booting a container needs root"
	exit 1
}
[ -x "$agent" ] || {
	say "$agent is missing: run make build"
	exit 1
}
make_image
boot

inside useradd --create-home "$user"
uid=$(inside id -u "$user")
in_foreground keyshift-agent install >"$dir.out" 2>&1 && fail "install without a session manager succeeded"
expect "without a user manager, install says how to run in the foreground" grep -q 'keyshift-agent run' "$dir.out"

inside loginctl enable-linger "$user"
eventually 30 "the user's own systemd is up" as_user systemctl --user is-active --quiet default.target

as_user keyshift-agent install || fail "install"
expect "a second install is refused" refuses install
expect "systemd has nothing to complain about" as_user systemd-analyze --user --man=no verify keyshift-agent.service
as_user keyshift-agent start || fail "start"
eventually 20 "the agent runs" agent_is running

expect "it cannot gain privileges" proc_line NoNewPrivs 1
expect "its system calls are filtered" proc_line Seccomp 2
expect "it leaves no core file" no_core

pid=$(main_pid)
inside kill -KILL "$pid"
eventually 10 "killed, it is back with a new process" new_pid "$pid"

unit=/home/$user/.config/systemd/user/keyshift-agent.service
if inside grep -q ^WatchdogSec= "$unit"; then
	pid=$(main_pid)
	inside kill -STOP "$pid"
	eventually 60 "frozen, it is replaced by the watchdog" new_pid "$pid"
fi

inside systemctl restart "user@$uid.service"
eventually 30 "it starts with the next login" agent_is running

as_user keyshift-agent stop || fail "stop"
eventually 20 "stopped, it stays stopped" agent_is stopped

as_user keyshift-agent start || fail "start again"
as_user keyshift-agent uninstall || fail "uninstall"
expect "uninstall removes the unit" unit_gone
expect "uninstall removes the link" link_gone
expect "uninstall ends the agent" agent_is "not installed"
say "passed"
