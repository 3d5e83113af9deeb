package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		values     int
		want       string
	}{
		{"an insert", "INSERT INTO t (a, b) VALUES ($1, $2)", 2, "INSERT INTO t (a, b) VALUES ($1, $2),\n($3, $4)"},
		{"with a subquery", "INSERT INTO t\nVALUES ($1, (SELECT x FROM y WHERE z = $1), 0)\nON CONFLICT DO NOTHING\n", 1,
			"INSERT INTO t\nVALUES ($1, (SELECT x FROM y WHERE z = $1), 0),\n($2, (SELECT x FROM y WHERE z = $2), 0)\nON CONFLICT DO NOTHING\n"},
		{"a list that is asked for", "WITH q AS (\nSELECT CAST($1 AS BIGINT) AS a, $2 AS b\n)\nSELECT * FROM q", 2,
			"WITH q AS (\nSELECT CAST($1 AS BIGINT) AS a, $2 AS b\nUNION ALL\nSELECT CAST($3 AS BIGINT) AS a, $4 AS b\n)\nSELECT * FROM q"},
		{"an update", "UPDATE t SET a = $1", 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := repeat(tt.text, 2, tt.values); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOverArrays(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		types      []string
		want       string
	}{
		{"an insert", "INSERT INTO t (a, b)\nVALUES ($1, $2, 0)\nON CONFLICT DO NOTHING\n", []string{"text", "bigint"},
			"INSERT INTO t (a, b)\nSELECT r.c1, r.c2, 0 FROM unnest($1::text[], $2::bigint[]) AS r(c1, c2)\nON CONFLICT DO NOTHING\n"},
		{"a list that is asked for", "WITH q AS (\nSELECT CAST($1 AS BIGINT) AS a, $2 AS b\n)\nSELECT * FROM q", []string{"bigint", "bytea"},
			"WITH q AS (\nSELECT CAST(r.c1 AS BIGINT) AS a, r.c2 AS b\nFROM unnest($1::bigint[], $2::bytea[]) AS r(c1, c2)\n)\nSELECT * FROM q"},
		{"one beside a table", "WITH q AS (\nSELECT CAST($1 AS BIGINT) AS a, t.b\nFROM t WHERE t.c = $2\n)\nSELECT * FROM q", []string{"bigint", "text"},
			"WITH q AS (\nSELECT CAST(r.c1 AS BIGINT) AS a, t.b\nFROM unnest($1::bigint[], $2::text[]) AS r(c1, c2), t WHERE t.c = r.c2\n)\nSELECT * FROM q"},
		{"an update", "UPDATE t SET a = $1", []string{"text"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := overArrays(tt.text, tt.types); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// lending is a user with devices and a grant on an account.
type lending struct {
	*scene
	account keyshift.Account
	devices []keyshift.Device
}

func newLending(s *scene, devices int, change ...func(*keyshift.Account)) lending {
	l := lending{scene: s, account: s.account(change...)}
	user := s.user()
	for range devices {
		l.devices = append(l.devices, s.device(user))
	}
	s.do(func(tx hub.Tx) error {
		return tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: l.account.ID, UserID: user.ID, CreatedAt: tx.Now()})
	})
	return l
}

// checkOut queues the n-th check-out of the account by a device.
func (l lending) checkOut(h *held, device, n int) <-chan error {
	id := l.devices[device].ID
	return h.queue(l.ctx(), hub.Ordinary, func(tx hub.Tx) error { return checkOut(tx, l.account.ID, id, n) },
		hub.Ahead{DeviceID: id, AccountID: l.account.ID, RequestID: benchRequest(n)})
}

func TestWhatIsReadAheadDoesNotHideWhatNeighborsDid(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		t.Run("one exclusive account, two devices", func(t *testing.T) {
			l, h := newLending(s, 2), s.hold()
			first, second := l.checkOut(h, 0, 1), l.checkOut(h, 1, 2)
			h.release()
			if err := <-first; err != nil {
				t.Errorf("first: %v", err)
			}
			if err := <-second; !errors.Is(err, errBenchHolder) {
				t.Errorf("second: %v, want to hear of the holder", err)
			}
			h.done()
		})
		t.Run("one request, twice", func(t *testing.T) {
			l, h := newLending(s, 1, shared), s.hold()
			first, second := l.checkOut(h, 0, 3), l.checkOut(h, 0, 3)
			h.release()
			if err := <-first; err != nil {
				t.Errorf("first: %v", err)
			}
			if err := <-second; !errors.Is(err, errBenchEffect) {
				t.Errorf("second: %v, want to hear of the first", err)
			}
			h.done()
		})
		t.Run("one device, two requests", func(t *testing.T) {
			l, h := newLending(s, 1, shared), s.hold()
			first, second := l.checkOut(h, 0, 4), l.checkOut(h, 0, 5)
			h.release()
			if err := errors.Join(<-first, <-second); err != nil {
				t.Error(err)
			}
			h.done()
			d, err := s.reader().Device(l.devices[0].ID)
			if err != nil || d.Window.High != 2 {
				t.Errorf("sequence = %d, %v, want both numbers used", d.Window.High, err)
			}
		})
		t.Run("a grant that is removed before", func(t *testing.T) {
			l, h := newLending(s, 1, shared), s.hold()
			grants, err := s.reader().Grants(l.account.ID, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			removed := h.queue(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.RemoveGrant(grants[0].ID) })
			lent := l.checkOut(h, 0, 6)
			h.release()
			if err := <-removed; err != nil {
				t.Error(err)
			}
			if err := <-lent; !errors.Is(err, errBenchGrant) {
				t.Errorf("check-out: %v, want to hear that there is no grant", err)
			}
			h.done()
		})
	})
}

func TestAnAccountWhoseLeaseIsOverIsLentAgainInABatch(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := newLending(s, 2)
		old := s.lend(l.account, l.devices[0])
		s.clock.advance(old.FreeAt.Sub(s.clock.now()) + time.Second)
		h := s.hold()
		answer := l.checkOut(h, 1, 1)
		h.release()
		if err := <-answer; err != nil {
			t.Error(err)
		}
		h.done()
		if live, err := s.reader().LiveLeases(l.devices[1].ID); err != nil || len(live) != 1 {
			t.Errorf("%d leases, %v, want the one that was answered", len(live), err)
		}
	})
}

// A neighbor that cannot be written costs the others a second run, and nothing else.
func TestAChangeThatCannotBeSentIsNotItsNeighborsFault(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l, h := newLending(s, 3, shared), s.hold()
		first := l.checkOut(h, 0, 1)
		broken := h.queue(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			return tx.AddLease(keyshift.Lease{ID: tx.NewID(), AccountID: l.account.ID, UserID: l.devices[1].UserID, DeviceID: "nobody", State: "nothing"})
		})
		last := l.checkOut(h, 2, 2)
		h.release()
		if err := errors.Join(<-first, <-last); err != nil {
			t.Error(err)
		}
		if err := <-broken; err == nil {
			t.Error("a lease in no known state was stored")
		}
		h.done()
	})
}

// Statements do not grow with how many ask at once: 64 check-outs need twice what one needs.
func TestStatementsOfCheckOuts(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := newLending(s, 64, shared)
		for _, tt := range []struct {
			at   int
			most int64
		}{{1, 5}, {64, 10}} {
			h := s.hold()
			before := s.Stats()
			var answers []<-chan error
			for i := range tt.at {
				answers = append(answers, l.checkOut(h, i, tt.at*100+i))
			}
			h.release()
			for _, answer := range answers {
				if err := <-answer; err != nil {
					t.Error(err)
				}
			}
			h.done()
			after := s.Stats()
			if got := after.Statements - before.Statements; got > tt.most {
				t.Errorf("%d at once: %d statements, want at most %d", tt.at, got, tt.most)
			}
			if got := after.Commits - before.Commits; got != 1 {
				t.Errorf("%d at once: %d commits, want 1", tt.at, got)
			}
		}
	})
}

func benchRequest(n int) string { return fmt.Sprintf("%032d", n) }
