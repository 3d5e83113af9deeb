package loopback

import (
	"net"
	"strconv"
	"testing"
)

// Whoever has an address can end and begin there again and again, while others take ports of the system's choice.
func TestAnAddressCanBeTakenAgain(t *testing.T) {
	address, err := Address()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		_, port, _ := net.SplitHostPort(other.Addr().String())
		if n, _ := strconv.Atoi(port); n < firstGivenAway {
			t.Errorf("the system gave away port %d", n)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
