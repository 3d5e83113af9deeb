#!/usr/bin/env bash
# A private PostgreSQL for tests: new, on a Unix socket only, gone afterwards. The system's own cluster is not touched.
#
#   scripts/testpg.sh run COMMAND...      runs COMMAND with KEYSHIFT_TEST_POSTGRES set to the cluster's address
#   scripts/testpg.sh durable COMMAND...  the same with fsync, for benchmarks
#   scripts/testpg.sh serve               prints the address and serves until standard input ends
#
# Except with durable it runs without fsync, so it says nothing about durability.
set -euo pipefail

fail() {
	echo "testpg: $*" >&2
	exit 1
}

# bin_dir prints where initdb and pg_ctl are; Debian keeps them out of PATH.
bin_dir() {
	local newest
	newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
	[ -x "$newest" ] || newest=$(command -v initdb) || fail "PostgreSQL is missing: run scripts/setup.sh test (make test does)"
	dirname "$newest"
}

# as_owner runs a command as a user PostgreSQL accepts: it refuses root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

start() {
	bin=$(bin_dir)
	dir=$(mktemp -d "${TMPDIR:-/tmp}/keyshift-pg.XXXXXX")
	# 107 bytes is what a socket address holds.
	[ ${#dir} -le 80 ] || fail "TMPDIR is too long for a socket: $dir"
	trap stop EXIT
	trap 'exit 130' HUP INT TERM
	[ "$(id -u)" != 0 ] || chown postgres "$dir"
	cd "$dir" # the owner may not enter the caller's directory
	as_owner "$bin/initdb" --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8 --username=keyshift -D "$dir/data" >"$dir/log" 2>&1 ||
		fail "initdb: $(tail -n 5 "$dir/log")"
	cat >>"$dir/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$dir'
		max_connections = 300
		shared_buffers = 64MB
		fsync = $fsync
		full_page_writes = $fsync
		timezone = 'UTC'
	CONF
	as_owner "$bin/pg_ctl" --silent --wait -D "$dir/data" -l "$dir/data/server.log" start >>"$dir/log" 2>&1 ||
		fail "pg_ctl: $(tail -n 5 "$dir/data/server.log")"
	address="postgres://keyshift@/postgres?host=$dir"
	cd "$home"
}

stop() {
	cd /
	as_owner "$bin/pg_ctl" --silent --mode=immediate -D "$dir/data" stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}

home=$PWD
fsync=off
[ "${1:-}" != durable ] || fsync=on
case ${1:-} in
serve)
	start
	echo "$address"
	exec >/dev/null 2>&1 # who started this may be gone before the end
	cat
	;;
run | durable)
	shift
	start
	KEYSHIFT_TEST_POSTGRES=$address "$@"
	;;
*) fail "usage: scripts/testpg.sh run COMMAND... | durable COMMAND... | serve" ;;
esac
