#!/usr/bin/env bash
# Agent and hub under a real systemd: a small Debian is made once and booted in a container. An ordinary user installs,
# crashes, stops and removes the agent's user service in it; root sets up the hub's unit, logs in, and crashes it. Needs
# root; `make test-systemd` builds the programs and installs the tools.
set -euo pipefail
cd "$(dirname "$0")/.."

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
	install -m 0755 bin/keyshift-agent bin/keyshift-hub "$dir/usr/bin/"
	install -D -m 0644 installer/linux/keyshift-hub.service "$dir/usr/lib/systemd/system/keyshift-hub.service"
	install -D -m 0644 installer/linux/keyshift-hub.sysusers "$dir/usr/lib/sysusers.d/keyshift-hub.conf"
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
inside() { nsenter --target "$leader" --all -- env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
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

# agent_is STATE: what status says of the service; its exit code speaks of the agent's answer.
agent_is() { { as_user keyshift-agent status 2>/dev/null || true; } | grep -qE "^Service +$1"; }
agent_pid() { as_user systemctl --user show --property=MainPID --value keyshift-agent.service; }
hub_pid() { inside systemctl show --property=MainPID --value keyshift-hub.service; }
# new_pid WHOSE OLD: the service has another process than OLD.
new_pid() { local now; now=$("$1_pid") && [ "$now" != 0 ] && [ "$now" != "$2" ]; }
# proc_line WHOSE WORD VALUE: a line of the service's /proc/PID/status.
proc_line() { inside grep -qE "^$2:[[:space:]]+$3\$" "/proc/$("$1_pid")/status"; }
no_core() { inside grep -qE '^Max core file size +0 +0 ' "/proc/$("$1_pid")/limits"; }
refuses() { ! as_user keyshift-agent "$@" >"$dir.out" 2>&1; }
hub() { inside keyshift-hub --token-file /root/token "$@"; }
hub_said() { inside journalctl --no-pager --output=cat --unit keyshift-hub.service; }
hub_code() { code=$(inside cat "$(hub_said | grep -m 1 -E '^/.*/first-owner-code$')") && [ -n "$code" ]; }
no_code() { ! hub_said | grep -q keyshift1-; }
code_gone() { ! inside test -e /var/lib/keyshift-hub/first-owner-code; }
hub_result() { [ "$(inside systemctl show --property=Result --value keyshift-hub.service)" = "$1" ]; }
hub_answers() { hub status >"$dir.out" 2>&1; }
unit_gone() { ! inside test -e "$unit"; }
link_gone() { ! inside test -L "/home/$user/.config/systemd/user/default.target.wants/keyshift-agent.service"; }

[ "$(id -u)" = 0 ] || {
	say "booting a container needs root"
	exit 1
}
for program in bin/keyshift-agent bin/keyshift-hub; do
	[ -x "$program" ] || {
		say "$program is missing: run make build"
		exit 1
	}
done
make_image
boot

say "the agent, as a user service"
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

expect "it cannot gain privileges" proc_line agent NoNewPrivs 1
expect "its system calls are filtered" proc_line agent Seccomp 2
expect "it leaves no core file" no_core agent

pid=$(agent_pid)
inside kill -KILL "$pid"
eventually 10 "killed, it is back with a new process" new_pid agent "$pid"

unit=/home/$user/.config/systemd/user/keyshift-agent.service
if inside grep -q ^WatchdogSec= "$unit"; then
	pid=$(agent_pid)
	inside kill -STOP "$pid"
	eventually 60 "frozen, it is replaced by the watchdog" new_pid agent "$pid"
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

say "the hub, as a system service"
inside systemd-sysusers
inside systemctl daemon-reload
inside keyshift-hub kek create --kek-file /etc/keyshift/hub.kek || fail "make the key"
inside systemctl start keyshift-hub.service || fail "start the hub"
eventually 20 "the first start names a file with the code for the first owner" hub_code
expect "the code is not in the journal" no_code
hub login --name "$user" <<<"$code" >"$dir.out" 2>&1 || fail "log in: $(cat "$dir.out")"
expect "the first owner is logged in" hub_answers
eventually 10 "the code is gone then" code_gone

hub_uid=$(inside id -u keyshift-hub)
expect "it runs as its own user" proc_line hub Uid "$hub_uid[[:space:]]+$hub_uid[[:space:]]+$hub_uid[[:space:]]+$hub_uid"
expect "it cannot gain privileges" proc_line hub NoNewPrivs 1
expect "it has no privileges" proc_line hub CapBnd 0000000000000000
expect "its system calls are filtered" proc_line hub Seccomp 2
expect "it leaves no core file" no_core hub

pid=$(hub_pid)
inside kill -KILL "$pid"
eventually 10 "killed, it is back with a new process" new_pid hub "$pid"
eventually 15 "and serves the same company" hub_answers
hub users list | grep -q "$user" || fail "the first owner is gone"
expect "its log is whole" hub audit verify

inside keyshift-hub kek rotate --key-only --kek-file /etc/keyshift/hub.kek || fail "rotate the key"
inside systemctl restart keyshift-hub.service || fail "restart with the new key"
eventually 15 "it starts with the rotated key" hub_answers
inside keyshift-hub kek rewrap --data-dir /var/lib/keyshift-hub --kek-file /etc/keyshift/hub.kek || fail "seal anew"
inside systemctl restart keyshift-hub.service || fail "restart with all sealed anew"
eventually 15 "it reads what root sealed anew" hub_answers
inside systemctl stop keyshift-hub.service || fail "stop the hub"
expect "it stops cleanly" hub_result success
say "passed"
