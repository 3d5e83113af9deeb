package server

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"time"
)

// gate is a replica's TLS, at a time.
func gate(t *testing.T, cert tls.Certificate, now time.Time) *tls.Config {
	t.Helper()
	config, err := serverTLS(cert, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// freshCertificate is one as a hub makes for itself.
func freshCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	cert, key, err := newCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{cert}, PrivateKey: private}
}

// resumes shakes hands and reports whether a ticket did.
func resumes(t *testing.T, server, client *tls.Config) bool {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if there, err := l.Accept(); err == nil {
			conn := tls.Server(there, server)
			_, _ = io.WriteString(conn, "!")
			_ = conn.Close()
		}
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // the ticket comes before it
		t.Fatal(err)
	}
	return conn.ConnectionState().DidResume
}

func TestTicketsOutliveTheHubAndAreGoodAtEveryReplica(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC)
	cert, other := freshCertificate(t), freshCertificate(t)
	for _, tt := range []struct {
		name string
		at   *tls.Config
		want bool
	}{
		{"the same hub, started again", gate(t, cert, now.Add(time.Minute)), true},
		{"a replica where it is tomorrow", gate(t, cert, now.Add(time.Hour)), true},
		{"a replica where it is yesterday", gate(t, cert, now.Add(-24*time.Hour)), true},
		{"two days later", gate(t, cert, now.Add(48*time.Hour)), false},
		{"a hub with another key", gate(t, other, now), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := &tls.Config{InsecureSkipVerify: true, ServerName: "hub", ClientSessionCache: tls.NewLRUClientSessionCache(1)} // #nosec G402 -- it is our own
			if resumes(t, gate(t, cert, now), client) {
				t.Fatal("resumed without a ticket")
			}
			if got := resumes(t, tt.at, client); got != tt.want {
				t.Errorf("resumed: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAServerThatServesForDaysGivesNewTickets(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	cert := freshCertificate(t)
	long, err := serverTLS(cert, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	client := &tls.Config{InsecureSkipVerify: true, ServerName: "hub", ClientSessionCache: tls.NewLRUClientSessionCache(1)} // #nosec G402 -- it is our own
	for day := range 4 {
		if got := resumes(t, long, client); got != (day > 0) {
			t.Errorf("day %d: resumed: %v", day, got)
		}
		now = now.Add(24 * time.Hour)
	}
	if !resumes(t, gate(t, cert, now), client) {
		t.Error("the newest ticket is not one of its day")
	}
}

func TestTLS12HasNoTickets(t *testing.T) {
	server := gate(t, freshCertificate(t), time.Now())
	client := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, ServerName: "hub", ClientSessionCache: tls.NewLRUClientSessionCache(1)} // #nosec G402 -- it is our own
	for range 2 {
		if resumes(t, server, client) {
			t.Error("resumed")
		}
	}
}
