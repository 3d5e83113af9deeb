package soak

import (
	"math"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

// The sizes of the two forms. What ten minutes without a hub do to the waits of an agent is in package agent, in simulated
// time; the long form waits them out.
const (
	shortCrowd, shortDown = 300, 4 * time.Second
	longCrowd, longDown   = 5000, 10 * time.Minute
	// backWithin and appliedWithin are I10 and A39.
	backWithin    = 60 * time.Second
	appliedWithin = 10 * time.Second
)

// A39: the hub is gone for a while, everybody wants it back, and what was revoked before is done when they meet again.
func TestEverybodyComesBack(t *testing.T) {
	lasts, long := form(0)
	agents, down := shortCrowd, time.Duration(shortDown)
	if long {
		agents, down = min(longCrowd, room(t)), min(longDown, lasts)
	}
	c := newCompany(t, realhub.SQLite(t), agents)
	s := &storm{company: c, revoked: map[*desk]string{}}
	s.connect()
	s.revokeBehindTheirBacks(t, agents/100)
	c.hub.Replica[0].Kill()
	for d := range s.revoked {
		d.findHub()
	}
	hubclient.Wait(t.Context(), down)
	for _, d := range c.desks {
		d.wire.countDials()
	}
	began := time.Now()
	took := c.hub.Replica[0].Start()
	s.watch(began)
	s.judge(t, took, down)
	c.inParallel(len(c.desks), func(i int) error { c.desks[i].off(); return nil })
	c.hub.Owner.Close()
	wantNothingLeftOpen(t, c.hub.Replica[0])
}

// room is for how many agents this process has descriptors: each holds its folder, the one of its leases, a lock, and a
// connection. What else is open, and dialed a second time, is well below a thousand.
func room(t *testing.T) int {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := int(min(limit.Cur, math.MaxInt32)-1000) / 4
	t.Logf("there are descriptors for %d agents", n)
	return n
}

// storm is what is seen of a return.
type storm struct {
	*company
	// revoked are the leases that were taken from computers which could not hear of it.
	revoked map[*desk]string
	back    []time.Duration
	applied []time.Duration
	mu      sync.Mutex
}

// connectWithin is for a busy machine; it is not what is measured.
const connectWithin = 15 * time.Minute

// connect waits until every agent has its stream.
func (s *storm) connect() {
	s.t.Helper()
	began, told := time.Now(), time.Now()
	for limit := began.Add(connectWithin); ; hubclient.Wait(s.t.Context(), time.Second/2) {
		status, err := hubclient.Call(s.t.Context(), s.hub.Owner.Hub.GetStatus, &v1.GetStatusRequest{})
		if err == nil && int(status.GetConnectedDevices()) == len(s.desks) {
			return
		}
		if time.Now().After(limit) {
			s.t.Fatalf("%d of %d agents are connected: %v", status.GetConnectedDevices(), len(s.desks), err)
		}
		if time.Since(told) > 10*time.Second {
			s.t.Logf("%d of %d agents are connected after %v", status.GetConnectedDevices(), len(s.desks), time.Since(began).Round(time.Second))
			told = time.Now()
		}
	}
}

// revokeBehindTheirBacks lends accounts to some, takes the network from them, and revokes what they hold.
func (s *storm) revokeBehindTheirBacks(t *testing.T, n int) {
	t.Helper()
	for _, d := range s.desks {
		if len(s.revoked) == n {
			break
		}
		a, ctx := d.at()
		held, err := a.CheckOut(ctx, &v1.LocalServiceCheckOutRequest{
			Account: s.free(d).id, Reason: "post", Duration: durationpb.New(time.Hour), RequestId: hubclient.NewRequestID(),
		})
		if err != nil {
			t.Fatalf("check out: %v", err)
		}
		s.revoked[d] = held.GetLease().GetId()
		d.loseHub()
		d.wire.cut()
	}
	for _, lease := range s.revoked {
		if err := s.revoke(t.Context(), &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: lease}}); err != nil {
			t.Fatalf("revoke: %v", err)
		}
	}
}

// free is an account of a user that many may hold.
func (s *storm) free(d *desk) account {
	own := s.accountsOf(d.user)
	return own[slices.IndexFunc(own, func(a account) bool { return !a.exclusive })]
}

// watch looks at every computer until all are back, or for twice the time that they may take.
func (s *storm) watch(began time.Time) {
	var all sync.WaitGroup
	for _, d := range s.desks {
		all.Go(func() { s.await(d, began) })
	}
	all.Wait()
}

// await notes when one computer is back, and when what was revoked is gone from it.
func (s *storm) await(d *desk, began time.Time) {
	a, _ := d.at()
	changes, cancel := a.Subscribe()
	defer cancel()
	limit := time.After(2 * backWithin)
	var met time.Time
	for {
		if met.IsZero() && a.Status().GetConnected() && !d.wire.firstDial().IsZero() {
			met = time.Now()
			s.note(&s.back, met.Sub(began))
		}
		if lease := s.revoked[d]; !met.IsZero() && (lease == "" || !d.holds(lease)) {
			if lease != "" {
				s.note(&s.applied, max(time.Since(d.wire.firstDial()), 0))
			}
			return
		}
		select {
		case <-changes:
		case <-time.After(time.Second):
		case <-limit:
			return
		}
	}
}

func (s *storm) note(where *[]time.Duration, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*where = append(*where, d)
}

// judge holds what was seen against I10 and A39. Seconds of a small crowd are counted by five: fewer are chance.
func (s *storm) judge(t *testing.T, ready, down time.Duration) {
	t.Helper()
	slices.Sort(s.back)
	slices.Sort(s.applied)
	use, err := s.hub.Replica[0].Usage()
	own, ownErr := realhub.UsageOf(os.Getpid())
	if err != nil || ownErr != nil {
		t.Errorf("look at processes: %v, %v", err, ownErr)
	}
	width := time.Second
	if len(s.desks) < 1000 {
		width = 5 * time.Second
	}
	most, mean, seconds := s.arrivals(width)
	t.Logf("%d agents, hub away for %v, ready after %v: back p50 %v, p99 %v; %d revocations applied within %v of the contact; most connections in %v: %d, on average %.0f; hub %d MiB, an agent %d KiB\nconnections: %v",
		len(s.desks), down, ready, at(s.back, 50), at(s.back, 99), len(s.applied), at(s.applied, 100), width, most, mean, use.RSS>>20, own.RSS>>10/int64(len(s.desks)), seconds)
	if late := at(s.back, 99); len(s.back)*100 < len(s.desks)*99 || late > backWithin {
		t.Errorf("%d of %d agents are back, 99 of 100 after %v, want at most %v", len(s.back), len(s.desks), late, backWithin)
	}
	if float64(most) > 3*mean {
		t.Errorf("%d connections in %v, want at most three times %.0f", most, width, mean)
	}
	if len(s.applied) != len(s.revoked) || at(s.applied, 100) > appliedWithin {
		t.Errorf("%d of %d revocations were applied, the last %v after the contact, want at most %v", len(s.applied), len(s.revoked), at(s.applied, 100), appliedWithin)
	}
}

func at(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)].Round(time.Millisecond)
}

// arrivals counts connections from the first on: the most in a slot, the mean over the time in which 99 of 100 came back,
// and the slots.
func (s *storm) arrivals(width time.Duration) (most int, mean float64, slots []int) {
	var times []time.Time
	for _, d := range s.desks {
		times = append(times, d.wire.dialTimes()...)
	}
	if len(times) == 0 || len(s.back) == 0 {
		return 0, 0, nil
	}
	slices.SortFunc(times, time.Time.Compare)
	slots = make([]int, at(s.back, 99)/width+1)
	total := 0
	for _, came := range times {
		if slot := int(came.Sub(times[0]) / width); slot < len(slots) {
			slots[slot]++
			total++
		}
	}
	return slices.Max(slots), float64(total) / float64(len(slots)), slots
}
