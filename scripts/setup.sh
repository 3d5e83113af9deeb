#!/usr/bin/env bash
# Installs what this repository needs on Debian and says plainly what it cannot do. Run again, it only looks.
#
#   scripts/setup.sh run     for `make run`: Go, the modules, a keyring, Chromium
#   scripts/setup.sh test    for `make test`: that, and PostgreSQL, a C compiler (race detector), strace, ...
#   scripts/setup.sh tray    for bin/keyshift-tray: Go, a C compiler, what Fyne compiles against
#   scripts/setup.sh cross-tray for the tray for Windows: Go, mingw-w64
#   scripts/setup.sh lint    for `make lint`: Go, Node for the checks of the extension
#   scripts/setup.sh systemd for `make test-systemd`: that, and a way to boot a small Debian
set -euo pipefail
cd "$(dirname "$0")/.."

# Each need is COMMAND=PACKAGE or FILE=PACKAGE: the package is missing when the command or file is.
run_needs=(update-ca-certificates=ca-certificates gnome-keyring-daemon=gnome-keyring dbus-run-session=dbus-daemon
	secret-tool=libsecret-tools chromium=chromium)
test_needs=("${run_needs[@]}" firefox-esr=firefox-esr gcc=build-essential initdb=postgresql systemd-analyze=systemd strace=strace ip=iproute2
	setpriv=util-linux Xvfb=xvfb openbox=openbox xfce4-panel=xfce4-panel dunst=dunst xdotool=xdotool scrot=scrot)
tray_needs=(update-ca-certificates=ca-certificates gcc=build-essential pkg-config=pkg-config /usr/include/GL/gl.h=libgl1-mesa-dev
	/usr/include/X11/Xlib.h=libx11-dev /usr/include/X11/Xcursor/Xcursor.h=libxcursor-dev
	/usr/include/X11/extensions/Xrandr.h=libxrandr-dev /usr/include/X11/extensions/Xinerama.h=libxinerama-dev
	/usr/include/X11/extensions/XInput2.h=libxi-dev /usr/include/X11/extensions/xf86vmode.h=libxxf86vm-dev
	/usr/include/xkbcommon/xkbcommon.h=libxkbcommon-dev)
cross_tray_needs=(update-ca-certificates=ca-certificates x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64)
lint_needs=(update-ca-certificates=ca-certificates node=nodejs npm=npm)
systemd_needs=("${test_needs[@]}" mmdebstrap=mmdebstrap systemd-nspawn=systemd-container)

say() { echo "setup: $*" >&2; }
fail() {
	say "$@"
	exit 1
}

# found looks in PATH, in the administrator's directories and where Debian keeps PostgreSQL.
found() {
	[ "${1#/}" = "$1" ] || {
		[ -e "$1" ]
		return
	}
	command -v "$1" >/dev/null && return
	local file
	for file in /usr/sbin/"$1" /sbin/"$1" /usr/lib/postgresql/*/bin/"$1"; do
		[ -x "$file" ] && return
	done
	return 1
}

# missing prints the packages whose command is not there, or is too old.
missing() {
	local need
	for need in "$@"; do
		found "${need%%=*}" && new_enough "${need%%=*}" || echo "${need#*=}"
	done
}

# new_enough reports whether a browser takes the extension.
new_enough() {
	[ "$1" = firefox-esr ] || return 0
	local want have
	want=$(sed -n 's/.*"strict_min_version": "\(.*\)".*/\1/p' extension/manifest.json)
	have=$(firefox-esr --version 2>/dev/null | sed 's/[^0-9]*\([0-9.]*\).*/\1/')
	[ "$(printf '%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ]
}

# become_root fills become with what makes a command run as root; sudo may ask only when somebody could answer.
become_root() {
	become=()
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || return 1
	become=(sudo)
	[ -t 0 ] || become=(sudo -n)
	"${become[@]}" true
}

apt_install() {
	"${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

install_packages() {
	command -v apt-get >/dev/null ||
		fail "these Debian packages are missing, and there is no apt-get here: $*. Install what your system calls them."
	become_root || fail "these packages are missing, and only root may install them: apt-get install $*"
	say "asking the package mirror for its current list" # an old list may name old browsers, or files that are gone
	"${become[@]}" apt-get update -q >&2 || say "apt-get update failed: is there a network? Going on with the list that is here"
	say "installing $*"
	apt_install "$@" || fail "apt-get could not install: $*"
}

check_go() {
	local have want
	want=$(sed -n 's/^go //p' go.mod)
	command -v go >/dev/null ||
		fail "Go is missing: install Go $want or newer from https://go.dev/dl and put it into PATH (Debian's golang-go is older)"
	have=$(go env GOVERSION 2>/dev/null) ||
		fail "Go $want is needed, $(GOTOOLCHAIN=local go version 2>/dev/null || echo 'an older one') is installed and could not fetch a newer one: see https://go.dev/dl"
	[ "$(printf '%s\n' "$want" "${have#go}" | sort -V | head -n 1)" = "$want" ] ||
		fail "Go $want or newer is needed, this is ${have#go}: see https://go.dev/dl"
}

# fetch_modules does nothing when it was done for this go.sum before.
fetch_modules() {
	local stamp
	stamp=.cache/setup/modules-$(sha256sum go.sum | cut -c1-16)
	[ -e "$stamp" ] && return
	go mod download >&2 ||
		fail "the Go modules could not be fetched through $(go env GOPROXY): check the network or GOPROXY"
	mkdir -p "${stamp%/*}"
	touch "$stamp"
}

case ${1:-} in
run) needs=("${run_needs[@]}") ;;
tray) needs=("${tray_needs[@]}") ;;
cross-tray) needs=("${cross_tray_needs[@]}") ;;
test) needs=("${test_needs[@]}") ;;
lint) needs=("${lint_needs[@]}") ;;
systemd) needs=("${systemd_needs[@]}") ;;
*) fail "usage: scripts/setup.sh run | tray | cross-tray | test | lint | systemd" ;;
esac

check_go
mapfile -t packages < <(missing "${needs[@]}")
if [ ${#packages[@]} -gt 0 ]; then
	install_packages "${packages[@]}"
	mapfile -t packages < <(missing "${needs[@]}")
	[ ${#packages[@]} -eq 0 ] || fail "installed, but still not found, or too old: ${packages[*]}"
fi
fetch_modules
