package server

import (
	"net"
	"net/netip"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// checkPlain refuses plain HTTP where strangers could listen.
func (c Config) checkPlain(addr net.Addr) error {
	tcp, _ := addr.(*net.TCPAddr)
	if !c.PlainHTTP || len(c.Proxies) > 0 || tcp != nil && tcp.IP.IsLoopback() {
		return nil
	}
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "Plain HTTP is only served on this computer itself or behind a listed proxy.",
		"Leave out --plain-http, listen on 127.0.0.1, or name the proxy with --trusted-proxy.")
}

// proxied is a listener for plain HTTP. It hangs up on everybody but this computer and the listed proxies: somebody who
// found the way around them would send a token in the clear.
type proxied struct {
	net.Listener
	proxies []netip.Prefix
}

// Accept implements [net.Listener].
func (l proxied) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.admits(conn.RemoteAddr()) {
			return conn, err
		}
		_ = conn.Close() // a stranger
	}
}

func (l proxied) admits(addr net.Addr) bool {
	from, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return false
	}
	ip := from.Addr().Unmap().WithZone("")
	return ip.IsLoopback() || slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}
