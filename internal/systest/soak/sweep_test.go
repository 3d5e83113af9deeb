package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// sweep holds everything against everything: the hub's lists, the audit log, and what lies on the computers. The hub is
// not taken away meanwhile.
func (c *company) sweep(ctx context.Context) {
	c.down.RLock()
	defer c.down.RUnlock()
	for what, check := range map[string]func(context.Context) error{
		"exclusive accounts": c.checkHolders, "audit log": c.checkEvents, "export": c.checkExport, "computers": c.checkDesks, "disks": c.checkDisks,
	} {
		if err := check(ctx); err != nil {
			c.book.problem("look at %s: %v", what, err)
		}
	}
}

// leases gives the hub's list of leases that are live or not confirmed removed.
func (c *company) leases(ctx context.Context) (list []*v1.Lease, err error) {
	for l, err := range c.hub.Owner.EachLease(ctx, hubclient.LeaseFilter{}) {
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func isLive(l *v1.Lease) bool {
	return l.GetState() == v1.LeaseState_LEASE_STATE_PENDING || l.GetState() == v1.LeaseState_LEASE_STATE_ACTIVE
}

// checkHolders looks for an exclusive account with two holders (I1): at the hub, and on the computers. A list is not
// one moment, but what it shows last was live all the time since it was granted.
func (c *company) checkHolders(ctx context.Context) error {
	list, err := c.leases(ctx)
	if err != nil {
		return err
	}
	holders := map[string]string{}
	for _, l := range list {
		if !l.GetExclusive() || !isLive(l) {
			continue
		}
		if other := holders[l.GetAccountId()]; other != "" {
			c.book.problem("leases %s and %s of one exclusive account are live", other, l.GetId())
		}
		holders[l.GetAccountId()] = l.GetId()
	}
	c.liveLeases.Store(int64(len(list)))
	c.checkUsers()
	return nil
}

// checkUsers looks for two computers that can use one exclusive account. The first is asked again after the second.
func (c *company) checkUsers() {
	type user struct {
		desk  *desk
		lease string
	}
	users := map[string]user{}
	for _, d := range c.desks {
		for _, held := range d.live() {
			l := held.GetLease()
			if !l.GetExclusive() {
				continue
			}
			if other, ok := users[l.GetAccountId()]; ok && other.lease != l.GetId() && other.desk.holds(other.lease) && d.holds(l.GetId()) {
				c.book.problem("%s and %s can use one exclusive account, leases %s and %s", other.desk.user, d.user, other.lease, l.GetId())
			}
			users[l.GetAccountId()] = user{d, l.GetId()}
		}
	}
}

// overlap is how far back the log is read again: replicas and their transactions overtake each other.
const overlap = time.Minute

// checkEvents reads what is new in the audit log and judges the ledger by it (I4, I5, I6).
func (c *company) checkEvents(ctx context.Context) error {
	c.book.mark()
	since := c.book.latest.Add(-overlap)
	for e, err := range c.hub.Owner.EachEvent(ctx, hubclient.EventFilter{}) {
		if err != nil {
			return err
		}
		if e.GetAt().AsTime().Before(since) {
			break
		}
		c.book.log(e)
	}
	c.book.judge()
	return nil
}

// exportsWithin: a log that takes longer to verify is verified whole only at the end.
const exportsWithin = 5 * time.Second

func (c *company) checkExport(ctx context.Context) error {
	if c.verifying > exportsWithin {
		return nil
	}
	return c.verifyAll(ctx, func([]byte) {})
}

// verifyAll exports the audit log and verifies it like an auditor who has the file alone. each sees every line.
func (c *company) verifyAll(ctx context.Context, each func(line []byte)) error {
	began := time.Now()
	r, w := io.Pipe()
	verified := make(chan error, 1)
	go func() {
		lines := &lineSplitter{each: each}
		report, err := audit.Verify(io.TeeReader(r, lines), audit.Trust{HubID: keyshift.ID(c.hub.Target.HubID), PublicKey: c.hub.Target.HubKey})
		if err != nil {
			err = fmt.Errorf("%s: %w", report.Text(), err)
		}
		verified <- errors.Join(err, r.CloseWithError(err))
	}()
	_, err := c.hub.Owner.Export(ctx, w)
	_ = w.CloseWithError(err) // the reader hears of it
	err = errors.Join(err, <-verified)
	c.verifying = time.Since(began)
	return err
}

// lineSplitter calls each for every whole line that is written to it.
type lineSplitter struct {
	each func([]byte)
	rest []byte
}

// Write implements [io.Writer].
func (s *lineSplitter) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		s.each(line)
		s.rest = append(s.rest[:0:0], rest...)
	}
}

// checkWholeLog verifies all of the log and looks for a lease that was granted or ended twice.
func (c *company) checkWholeLog(ctx context.Context) (int, error) {
	times := map[string]int{}
	err := c.verifyAll(ctx, func(line []byte) {
		var e struct {
			Action  string `json:"action"`
			LeaseID string `json:"lease_id"`
		}
		if json.Unmarshal(line, &e) != nil || e.LeaseID == "" {
			return
		}
		for _, name := range names(&v1.AuditEvent{Action: e.Action, LeaseId: e.LeaseID}) {
			if name == "granted "+e.LeaseID || name == "ended "+e.LeaseID {
				times[name]++
			}
		}
	})
	granted := 0
	for name, n := range times {
		if strings.HasPrefix(name, "granted ") {
			granted++
		}
		if n > 1 {
			c.book.problem("%s: %d times in the audit log", name, n)
		}
	}
	return granted, err
}

// lateness is what a busy machine may add to a deadline.
const lateness = 5 * time.Second

// checkDesks looks at each computer: nothing can be used after its end or, without the hub, after the grace (I2), and
// no secret or key lies there that the agent does not know of (I3).
func (c *company) checkDesks(ctx context.Context) error {
	for _, d := range c.desks {
		lost := d.lostHub()
		for _, held := range d.live() {
			l := held.GetLease()
			if end := l.GetEndsAt().AsTime(); time.Now().After(end.Add(lateness)) && d.holds(l.GetId()) {
				c.book.problem("%s can use lease %s after its end at %v", d.user, l.GetId(), end)
			}
			if !lost.IsZero() && lost.Equal(d.lostHub()) && time.Since(lost) > l.GetOfflineGrace().AsDuration()+lateness {
				c.book.problem("%s can use lease %s without the hub since %v", d.user, l.GetId(), time.Since(lost))
			}
		}
		c.checkResidue(ctx, d)
	}
	return nil
}

// checkResidue looks again before it says something: the agent works meanwhile.
func (c *company) checkResidue(ctx context.Context, d *desk) {
	left := d.residue()
	for range 10 {
		if len(left) == 0 || !hubclient.Wait(ctx, 100*time.Millisecond) {
			return
		}
		again := d.residue()
		left = slices.DeleteFunc(left, func(s string) bool { return !slices.Contains(again, s) })
	}
	c.book.problem("left over: %s", strings.Join(left, ", "))
}

// checkDisks looks for a password in any file of the hub and of the agents (I3, I7).
func (c *company) checkDisks(context.Context) error {
	places := []string{c.dir}
	for _, p := range c.hub.Replica {
		places = append(places, p.DataDir())
		if strings.Contains(p.Log(), canary) {
			c.book.problem("a password is in the hub's log")
		}
	}
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone meanwhile
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			return c.checkFile(path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *company) checkFile(path string) error {
	text, err := os.ReadFile(path) // #nosec G304 -- a file of this test
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if bytes.Contains(text, []byte(canary)) {
		c.book.problem("a password is in %s", path)
	}
	return nil
}
