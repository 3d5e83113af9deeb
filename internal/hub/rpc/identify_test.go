package rpc

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

func TestNestingIsCountedOutsideOfStrings(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       bool
	}{
		{"flat", `{"a":1}`, false},
		{"at the limit", strings.Repeat("[", 32) + strings.Repeat("]", 32), false},
		{"one too deep", strings.Repeat("[", 33), true},
		{"wide, not deep", strings.Repeat(`{"a":[]},`, 1000), false},
		{"brackets in a string", `"` + strings.Repeat("[", 100) + `"`, false},
		{"escaped quote", `"\"` + strings.Repeat("[", 100) + `"`, false},
		{"escaped backslash ends the string", `"\\"` + strings.Repeat("[", 100), true},
	} {
		if got := tooDeep([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: tooDeep = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAForwardedAddressCountsOnlyFromAListedProxy(t *testing.T) {
	s := &Server{Options: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "192.0.2.1:5000", nil, "192.0.2.1"},
		{"a stranger claims to forward", "192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		{"the proxy forwards", "10.0.0.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a client puts one in front", "10.0.0.1:5000", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:5000", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		{"nonsense", "10.0.0.1:5000", []string{"nobody"}, "10.0.0.1"},
		{"v6", "[2001:db8::1]:5000", nil, "2001:db8::1"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
		if got := s.source(r); got != tt.want {
			t.Errorf("%s: source = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAMethodThatDoesNotSayWhoMayCallItIsNotServed(t *testing.T) {
	methods := connect.NewServer()
	methods.Register(connect.Method{Spec: connect.Spec{Procedure: "/keyshift.v1.Forgotten/Method"}})
	if _, err := accessTable(methods); err == nil || !strings.Contains(err.Error(), "/keyshift.v1.Forgotten/Method") {
		t.Errorf("accessTable = %v, want an error that names the method", err)
	}
}

// The two sides name the same things by one rule; a value that breaks it would silently become "unspecified".
func TestTheContractsWordsAreTheDomains(t *testing.T) {
	for value, name := range v1.Role_name {
		if r := roleOf(v1.Role(value)); (value == 0) != (r == "") {
			t.Errorf("role %s becomes %q", name, r)
		}
	}
	for value, name := range v1.Network_name {
		if n := networkOf(v1.Network(value)); networkEnum(n) != v1.Network(value) {
			t.Errorf("network %s becomes %q and %v", name, n, networkEnum(n))
		}
	}
}
