package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// roomy is a hub on a small disk, with a reserve.
func roomy(t *testing.T, dir string, megabytes int) *scene {
	t.Helper()
	mount(t, dir, megabytes)
	return newScene(t, filepath.Join(dir, "hub.db"), func(o *Options) {
		o.ReserveFile = filepath.Join(dir, "reserve")
		o.Clock = time.Now
	})
}

// lendMany adds leases of one device.
func (s *scene) lendMany(a keyshift.Account, d keyshift.Device, n int) error {
	s.Helper()
	for range n / 500 {
		err := s.Write(s.ctx(), hub.Ordinary, func(tx hub.Tx) error {
			for range 500 {
				if err := tx.AddLease(keyshift.NewLease(tx.NewID(), a, keyshift.User{ID: d.UserID}, d, "campaign", time.Hour, tx.Now())); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// revokeAll ends all leases with the longest reason that is allowed.
func (s *scene) revokeAll() (n int64, err error) {
	err = s.Write(s.ctx(), hub.Closing, func(tx hub.Tx) error {
		var err error
		n, err = tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: hub.TargetAll}, Reason: strings.Repeat("x", keyshift.MaxReason)})
		return err
	})
	return n, err
}

func (s *scene) reserveSize() int64 {
	info, err := os.Stat(s.options.ReserveFile)
	if err != nil {
		return 0
	}
	return info.Size()
}

// So many leases do not fit into the least reserve: it has grown with them.
func TestOnAFullDiskEveryLeaseIsTakenAwayAtOnce(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	s := roomy(t, dir, 256)
	const n = 5000
	if err := s.lendMany(s.account(shared), s.device(s.user()), n); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the reserve is large enough", func() bool { return s.reserveSize() >= n*reservePerLease })
	s.background.Wait()
	ballast(t, dir, 64<<10)
	if got, err := s.revokeAll(); err != nil || got != n {
		t.Errorf("revoked %d of %d leases: %v", got, n, err)
	}
	if counts, err := s.reader().Counts(); err != nil || counts.LiveLeases != 0 {
		t.Errorf("%d leases are live, %v", counts.LiveLeases, err)
	}
}

// Where the reserve cannot grow, nothing more is lent, and what is lent can be taken away.
func TestNoMoreIsLentThanCanBeTakenAway(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	s := roomy(t, dir, 64)
	a, d := s.account(shared), s.device(s.user())
	var err error
	for n := 0; err == nil && n < 200; n++ {
		err = s.lendMany(a, d, 500)
	}
	wantCode(t, err, keyshift.CodeStorageFull)
	var refusal *keyshift.Error
	if errors.As(err, &refusal); refusal.Facts["free"] == "" || !strings.Contains(refusal.Text, "MiB free") {
		t.Errorf("the refusal does not say what is free: %+v", refusal)
	}
	counts, err := s.reader().Counts()
	if err != nil || counts.LiveLeases == 0 {
		t.Fatalf("%d leases are live, %v", counts.LiveLeases, err)
	}
	ballast(t, dir, 64<<10)
	if got, err := s.revokeAll(); err != nil || got != counts.LiveLeases {
		t.Errorf("revoked %d of %d leases: %v", got, counts.LiveLeases, err)
	}
}

// A hub that ended while its disk was full comes back, and takes rights away.
func TestAHubStartsOnAFullDiskWithItsReserve(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	first := roomy(t, dir, 64)
	if err := first.lendMany(first.account(shared), first.device(first.user()), 1000); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	heavy := ballast(t, dir, 0)
	s := newScene(t, first.dsn, func(o *Options) { *o = first.options })
	if got, err := s.revokeAll(); err != nil || got != 1000 {
		t.Errorf("revoked %d of 1000 leases: %v", got, err)
	}
	wantCode(t, s.Write(t.Context(), hub.Ordinary, addUser("refused")), keyshift.CodeStorageFull)
	if err := os.Remove(heavy); err != nil {
		t.Fatal(err)
	}
	eventually(t, "write again", func() bool { return s.Write(t.Context(), hub.Ordinary, addUser(s.name("later"))) == nil })
	if s.reserveSize() != leastReserve {
		t.Errorf("the reserve has %d bytes", s.reserveSize())
	}
}

func TestTheReserveFollowsTheLeases(t *testing.T) {
	for _, tt := range []struct{ live, want int64 }{
		{0, 16 << 20}, {2048, 16 << 20}, {2049, 32 << 20}, {100_000, 1 << 30},
	} {
		t.Run(fmt.Sprint(tt.live), func(t *testing.T) {
			if got := reserveFor(tt.live); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
