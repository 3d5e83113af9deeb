package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// crowd is how many devices want the account.
const crowd = 64

// scene is what the history is made on: three replicas on one PostgreSQL, one exclusive account, and 64 users with a
// device each.
type scene struct {
	*company
	t       testing.TB
	random  *rand.Rand
	dsn     string
	account string
	devices []*device
	history *history
	all     []porcupine.Operation // of the rounds before
	// forgets is set while one lost answer makes somebody give up; forgot tells that it happened.
	forgets atomic.Bool
	// kill ends a replica when that many answers have come, mended is how its start went.
	fuse   atomic.Int32
	victim *hubProcess
	mended chan error
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{t: t, dsn: testpg.New(t), history: newHistory(), random: rand.New(rand.NewPCG(*seed, 0))}
	s.company = newCompany(t, s.dsn, 3)
	users := make([]string, crowd)
	for i := range users {
		users[i] = fmt.Sprintf("user%02d", i)
		s.AddUser(users[i])
	}
	s.account = s.AddAccount("acme", nil, users...)
	s.devices = make([]*device, crowd)
	for i, user := range users {
		s.devices[i] = s.newDevice(i+1, user, s.history, &s.forgets)
	}
	return s
}

// A21 and A22: 64 devices want the one exclusive account from three replicas, one of which is killed in each round. One of
// them gets it, the others hear who has it and until when, and all that anybody was ever told fits one account.
func TestTheHistoryOfAnExclusiveAccountIsLinearizable(t *testing.T) {
	s := newScene(t)
	round, enough := 0, soaked()
	for ; round < *rounds || !enough(round); round++ {
		s.round(round)
		s.judge(round)
		if t.Failed() {
			return
		}
	}
	s.compareWithTheHub()
	s.verifyAudit()
	t.Logf("seed %d: %d rounds, %d acts of which %d nobody heard of again, %d leases", *seed, round, len(s.all), s.unknown(), len(s.Leases()))
}

// soaked reports whether the long form of the test has gone on for long enough: a hundred rounds, and as long as
// KEYSHIFT_SOAK says. Without that the short form is enough.
func soaked() func(rounds int) bool {
	lasts, err := time.ParseDuration(os.Getenv("KEYSHIFT_SOAK"))
	if err != nil {
		return func(int) bool { return true }
	}
	end := time.Now().Add(lasts)
	return func(rounds int) bool { return rounds >= 100 && time.Now().After(end) }
}

// judge judges a round. It ends with nobody holding the account and after a write that waits for all others, so the next
// one is a history of its own.
func (s *scene) judge(n int) {
	s.t.Helper()
	if v := s.history.judge(s.t, kept(s.t)); v.CheckResult != porcupine.Ok {
		s.t.Errorf("round %d: the history of seed %d is %s: %s", n, *seed, v.CheckResult, v.page)
	}
	s.all = append(s.all, s.history.done...)
	s.history.done = nil
}

// round is a rush for the account, what the winner does with it, and how it comes back.
func (s *scene) round(n int) {
	s.t.Helper()
	for i, d := range s.devices {
		d.lease = ""
		d.lead((i + n) % len(s.hubs))
	}
	s.forgets.Store(s.random.IntN(3) == 0)
	s.lightFuse(n)
	winner, known := s.rush(n)
	if winner != nil {
		s.use(winner)
		s.giveUp(n%5, winner)
	}
	s.comeBack(n, known)
}

// lightFuse has a replica killed, and started again, after some answers.
func (s *scene) lightFuse(n int) {
	s.victim, s.mended = s.hubs[n%len(s.hubs)], make(chan error, 1)
	s.fuse.Store(1 + s.random.Int32N(crowd+10))
}

func (s *scene) burn() {
	if s.fuse.Add(-1) == 0 {
		s.victim.kill()
		go func() {
			_, err := s.victim.start()
			s.mended <- err
		}()
	}
}

// rush has all devices ask at once. It gives who got the account, nil for nobody, and whether everybody heard an answer.
func (s *scene) rush(n int) (winner *device, known bool) {
	s.t.Helper()
	outs, heard := make([]told, crowd), make([]bool, crowd)
	s.together(s.devices, func(i int, d *device) { outs[i], heard[i] = d.checkOut(s.t, s.account) })
	known = true
	for i, out := range outs {
		switch {
		case !heard[i]:
			known = false
		case out.Code == "" && winner == nil:
			winner = s.devices[i]
		case out.Code == "":
			s.t.Errorf("round %d: %s and %s both got the account", n, winner.user, s.devices[i].user)
		case out.Code != keyshift.CodeAccountInUse || out.Holder == "" || out.Until == 0:
			s.t.Errorf("round %d: %s was told %+v, want account_in_use with holder and end", n, s.devices[i].user, out)
		}
	}
	if winner == nil && known {
		s.t.Errorf("round %d: nobody got the account", n)
	}
	return winner, known
}

// together has devices do something at once, and burns the fuse with each that has done.
func (s *scene) together(devices []*device, do func(i int, d *device)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i, d := range devices {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			do(i, d)
			s.burn()
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// some are devices other than the winner.
func (s *scene) some(n int, winner *device) []*device {
	var some []*device
	for _, i := range s.random.Perm(crowd) {
		if d := s.devices[i]; d != winner && len(some) < n {
			some = append(some, d)
		}
	}
	return some
}

// use is what the winner does with the account while others look and ask. One that stays pending is used in no way.
func (s *scene) use(winner *device) {
	others := s.some(6, winner)
	s.together(append(others, winner), func(i int, d *device) {
		switch {
		case d != winner && i%2 == 0:
			d.look(s.t)
		case d != winner:
			d.checkOut(s.t, s.account)
		}
	})
	winner.look(s.t)
}

// giveUp has the account come back in one of five ways, while others want it.
func (s *scene) giveUp(how int, winner *device) {
	if how != lapse {
		winner.activate(s.t)
		winner.renew(s.t, lent+time.Minute)
	}
	others := s.some(6, winner)
	s.together(append(others, winner, winner), func(i int, d *device) {
		switch {
		case d != winner:
			d.checkOut(s.t, s.account)
		case i == len(others):
			s.ways()[how](winner)
		case how == revoked || how == rotated:
			winner.renew(s.t, lent+2*time.Minute)
		default:
			winner.look(s.t)
		}
	})
}

// The ways in which an account comes back.
const (
	wiped = iota
	revoked
	unwiped
	rotated
	lapse
)

func (s *scene) ways() [5]func(*device) {
	return [5]func(*device){
		wiped: func(d *device) { d.checkIn(s.t, true) },
		revoked: func(d *device) {
			s.revokes()
			d.report(s.t, false)
			d.report(s.t, true)
		},
		unwiped: func(d *device) {
			d.checkIn(s.t, false)
			s.elapses(lent + 2*time.Minute)
			s.elapses(keyshift.ReissueMargin)
			d.report(s.t, true)
		},
		rotated: func(*device) {
			s.revokes()
			s.rotates()
		},
		lapse: func(d *device) {
			s.elapses(keyshift.ActivateWithin)
			d.activate(s.t)
			s.elapses(keyshift.ReissueMargin)
		},
	}
}

// comeBack waits for the replica and makes sure that nobody holds the account, whoever got it last.
func (s *scene) comeBack(n int, known bool) {
	s.t.Helper()
	s.forgets.Store(false)
	if s.fuse.Swap(0) > 0 {
		s.fuse.Store(1)
		s.burn()
	}
	if err := <-s.mended; err != nil {
		s.t.Fatalf("round %d: the replica that was killed does not come back: %v", n, err)
	}
	if n%2 == 0 && known {
		for _, d := range s.devices {
			if d.lease != "" {
				d.checkIn(s.t, true)
			}
		}
	}
	s.revokes()
	s.rotates()
}

// The owner's acts are of client 0.
func (s *scene) revokes() {
	o := s.history.begin(0, asked{Act: revoke})
	o.answered(told{Ended: s.revoke("x/acme")})
}

func (s *scene) rotates() {
	o := s.history.begin(0, asked{Act: rotate})
	own(s.t, s.Owner.Accounts.MarkRotated, &v1.MarkRotatedRequest{Account: "x/acme"})
	o.answered(told{})
}

// closingLock keeps every write of every replica waiting but those of the audit tree; see internal/hub/store.
const closingLock = 0x6b657973

// elapses lets time pass for the account's leases.
func (s *scene) elapses(by time.Duration) {
	o := s.history.begin(0, asked{Act: elapse, By: by})
	back := by.Microseconds()
	testpg.Exec(s.t, s.dsn, fmt.Sprintf(`BEGIN; SELECT pg_advisory_xact_lock(%d);
		UPDATE leases SET activate_by = activate_by - %d, ends_at = ends_at - %d, free_at = CASE WHEN free_at > 0 THEN free_at - %d ELSE 0 END,
			due_at = CASE WHEN due_at > 0 THEN due_at - %d ELSE 0 END WHERE removal_step < 4; COMMIT`, closingLock, back, back, back, back))
	o.answered(told{})
}

// unknown counts the acts that somebody gave up.
func (s *scene) unknown() (n int) {
	for _, o := range s.all {
		if out, ok := o.Output.(told); ok && out.Unknown {
			n++
		}
	}
	return n
}

// compareWithTheHub holds what was acknowledged against what the hub has: every lease that anybody was given is there, was
// granted once in the audit log, and none is there that nobody asked for.
func (s *scene) compareWithTheHub() {
	s.t.Helper()
	has := map[string]bool{}
	for _, l := range s.Leases() {
		has[l.GetId()] = true
	}
	given, unknown := map[string]bool{}, 0
	for _, o := range s.all {
		in, out := o.Input.(asked), o.Output.(told)
		if in.Act == checkOut && out.Unknown {
			unknown++
		}
		if in.Act == checkOut && out.Lease != "" {
			given[out.Lease] = true
		}
	}
	for id := range given {
		if !has[id] {
			s.t.Errorf("lease %s was acknowledged, and the hub does not have it", id)
		}
	}
	if len(has) > len(given)+unknown {
		s.t.Errorf("the hub has %d leases; %d were acknowledged, and the outcome of %d requests is unknown", len(has), len(given), unknown)
	}
	events := s.granted()
	for id := range has {
		if events[id] != 1 {
			s.t.Errorf("the grant of lease %s is in the audit log %d times", id, events[id])
		}
	}
}
