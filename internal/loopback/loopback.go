// Package loopback gives tests an address on this computer at which a program can be ended and started again.
//
// A port that the system chose is free for anybody as soon as the program has ended, and other tests ask the system for ports all
// the time. The ports given here are not among those that systems give away.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports below firstGivenAway are given to nobody who does not ask for them: systems begin at 32768 (Linux) or 49152 (others).
const (
	first          = 10_000
	firstGivenAway = 32_768
)

// tries is how many ports may be taken before nothing is free.
const tries = 100

// Address gives a host and port that nobody has at the moment.
func Address() (string, error) {
	var last error
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(firstGivenAway-first)) //nolint:gosec // it is no secret
		l, err := net.Listen("tcp", address)
		if err == nil {
			return address, l.Close()
		}
		last = err
	}
	return "", errors.Join(fmt.Errorf("find free port: none in %d tries", tries), last)
}
