package browser

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
)

const (
	// pairLimit is how long the user can say yes.
	pairLimit = 2 * time.Minute
	// mostPairings bounds how many profiles ask at a time, so that whoever asks in a row fills no tray.
	mostPairings = 3
)

// pairing is a profile that asks to be paired.
type pairing struct {
	who   profile
	code  string
	until time.Time
}

// pairings are those that ask, in memory only.
type pairings struct {
	random io.Reader

	mu    sync.Mutex
	asked []pairing
}

// begin gives a new code for a profile, in the place of the one that it had.
func (p *pairings) begin(who profile, now time.Time) (pairing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = slices.DeleteFunc(p.asked, func(a pairing) bool { return a.who.Key == who.Key || !now.Before(a.until) })
	if len(p.asked) >= mostPairings {
		return pairing{}, native.Refuse(native.CodeRateLimited, "too many browsers ask to be paired: answer one in the tray first")
	}
	code, err := p.newCode()
	if err != nil {
		return pairing{}, err
	}
	next := pairing{who, code, now.Add(pairLimit)}
	p.asked = append(p.asked, next)
	return next, nil
}

// newCode draws six digits that nobody else shows.
func (p *pairings) newCode() (string, error) {
	for {
		var b [4]byte
		if _, err := io.ReadFull(p.random, b[:]); err != nil {
			return "", fmt.Errorf("draw code: %w", err)
		}
		n := binary.BigEndian.Uint32(b[:])
		const most = 4_294_000_000 // so that every code is as likely as any other
		code := fmt.Sprintf("%06d", n%1_000_000)
		if n < most && !slices.ContainsFunc(p.asked, func(a pairing) bool { return a.code == code }) {
			return code, nil
		}
	}
}

func (p *pairings) list(now time.Time) []pairing {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = slices.DeleteFunc(p.asked, func(a pairing) bool { return !now.Before(a.until) })
	return slices.Clone(p.asked)
}

// take gives the profile that shows a code, which then asks no more.
func (p *pairings) take(code string, now time.Time) (pairing, bool) {
	for _, a := range p.list(now) {
		if a.code == code {
			p.drop(a.who.id())
			return a, true
		}
	}
	return pairing{}, false
}

// drop forgets that a profile asked.
func (p *pairings) drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = slices.DeleteFunc(p.asked, func(a pairing) bool { return a.who.id() == id })
}
