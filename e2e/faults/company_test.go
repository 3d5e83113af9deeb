//go:build linux && amd64

package faults

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// acknowledged is what somebody was told, and what therefore has to be in the audit log once.
type acknowledged struct{ granted, checkedIn, revoked map[string]bool }

func (a *acknowledged) note(list *map[string]bool, lease string) {
	if *list == nil {
		*list = map[string]bool{}
	}
	(*list)[lease] = true
}

// newRequest is a question of Dana's that she can repeat. Its reason tells her lease from all others. The hub forgets
// between two rounds how often she asked.
func (w *world) newRequest() *v1.LocalServiceCheckOutRequest {
	w.t.Helper()
	if w.checkOuts += 3; w.checkOuts > 9 {
		w.restartHub()
	}
	id := string(keyshift.NewID(time.Now(), rand.Reader))
	return &v1.LocalServiceCheckOutRequest{Account: account, Reason: "launch " + id, Duration: durationpb.New(keyshift.StaleAfter * 12), RequestId: id}
}

// ask asks once; lease is "" when there is none.
func (w *world) ask(req *v1.LocalServiceCheckOutRequest) (lease string, err error) {
	answer, err := w.local().CheckOut(w.t.Context(), req)
	if lease = answer.GetLease().GetLease().GetId(); err == nil {
		w.acknowledged.note(&w.acknowledged.granted, lease)
	}
	return lease, err
}

// askAgain asks until the answer is one that will not change: a lease, or that it is over.
func (w *world) askAgain(req *v1.LocalServiceCheckOutRequest) (lease string) {
	w.t.Helper()
	w.await("the check-out is answered", func() (bool, string) {
		var err error
		lease, err = w.ask(req)
		return err == nil || keyshift.CodeOf(err) == keyshift.CodeLeaseOver, fmt.Sprint(err)
	})
	return lease
}

// checkOut is a check-out in peace.
func (w *world) checkOut() (lease string) {
	w.t.Helper()
	if lease = w.askAgain(w.newRequest()); lease == "" {
		w.t.Fatal("the lease of a new request is over")
	}
	return lease
}

// checkIn ends a lease, however often that takes.
func (w *world) checkIn(lease string) {
	w.t.Helper()
	w.await("the check-in is answered", func() (bool, string) {
		_, err := w.local().CheckIn(w.t.Context(), lease)
		if err == nil {
			w.acknowledged.note(&w.acknowledged.checkedIn, lease)
		}
		return err == nil || keyshift.CodeOf(err) == keyshift.CodeNotFound || keyshift.CodeOf(err) == keyshift.CodeLeaseOver, fmt.Sprint(err)
	})
}

// leases are all that the hub knows of.
func (w *world) leases() []*v1.Lease {
	w.t.Helper()
	var list v1.ListLeasesResponse
	w.proto(w.hubCLI("", "leases", "list", "--all", "--limit", "0", "--json"), &list)
	return list.GetLeases()
}

func (w *world) lease(id string) *v1.Lease {
	w.t.Helper()
	for _, l := range w.leases() {
		if l.GetId() == id {
			return l
		}
	}
	w.t.Fatalf("the hub does not know the lease %s", id)
	return nil
}

func (w *world) proto(text string, into proto.Message) {
	w.t.Helper()
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal([]byte(text), into); err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
}

func live(l *v1.Lease) bool {
	return l.GetState() == v1.LeaseState_LEASE_STATE_ACTIVE || l.GetState() == v1.LeaseState_LEASE_STATE_PENDING
}

// wantOneLease checks that a request has one lease at most, and that it is this one if it is live.
func (w *world) wantOneLease(req *v1.LocalServiceCheckOutRequest, lease string) {
	w.t.Helper()
	var of, alive []string
	for _, l := range w.leases() {
		if l.GetReason() == req.GetReason() {
			of = append(of, l.GetId())
		}
		if live(l) {
			alive = append(alive, l.GetId())
		}
	}
	if len(of) > 1 || len(alive) > 1 || lease != "" && (len(alive) != 1 || alive[0] != lease) {
		w.t.Errorf("the request has the leases %v, live are %v, the agent has %q", of, alive, lease)
	}
}

// wantNothingLeft waits until the hub has heard that nothing is left, and looks whether that is so.
func (w *world) wantNothingLeft() {
	w.t.Helper()
	w.await("all is wiped", func() (bool, string) {
		_, _ = w.local().Sync(w.t.Context()) // by itself the agent would not be in such a hurry
		for _, l := range w.leases() {
			if live(l) || l.GetRemoval().GetStep() < v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
				return false, l.String()
			}
		}
		return true, ""
	})
	if found := w.inKeyring(); found != "" {
		w.t.Errorf("in the keyring is still: %s", found)
	}
	w.await("the journal is empty", func() (bool, string) {
		names, _ := filepath.Glob(filepath.Join(w.stateDir(), "leases", "*"))
		return len(names) == 0, strings.Join(names, " ")
	})
	w.wantNoCanary(w.dana.Home)
}

// inKeyring is what any program finds there of leases.
func (w *world) inKeyring() string {
	r := w.try(w.dana, "", "secret-tool", "search", "--all", "--unlock", "service", "keyshift")
	if !strings.Contains(r.all(), "device:") {
		w.t.Errorf("the keyring cannot be read, or has no device key: %s", r.all())
	}
	if !strings.Contains(r.all(), "lease:") {
		return ""
	}
	return r.all()
}

// wantNoCanary looks for the password in files and logs.
func (w *world) wantNoCanary(dirs ...string) {
	w.t.Helper()
	for _, dir := range append(dirs, w.dir) {
		_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil // gone meanwhile
			}
			if text, _ := os.ReadFile(path); strings.Contains(string(text), w.password) {
				w.t.Errorf("the password is in %s", path)
			}
			return nil
		})
	}
}

// wantAudit checks the whole log, and that each acknowledged effect is in it once.
func (w *world) wantAudit() {
	w.t.Helper()
	w.await("the log is complete", func() (bool, string) {
		r := w.tryHub("", "audit", "verify")
		return r.exit == 0, r.all()
	})
	var list v1.ListEventsResponse
	w.proto(w.hubCLI("", "audit", "list", "--limit", "0", "--json"), &list)
	times := map[string]int{}
	for _, e := range list.GetEvents() {
		times[e.GetAction()+" "+e.GetLeaseId()]++
	}
	for _, l := range w.leases() {
		ends := times["lease.checked_in "+l.GetId()] + times["lease.expired "+l.GetId()] + times["lease.revoked "+l.GetId()]
		if n := times["lease.granted "+l.GetId()]; n != 1 || ends > 1 || ends == 0 && !live(l) {
			w.t.Errorf("lease %s, %v, has %d grants and %d ends in the audit log", l.GetId(), l.GetState(), n, ends)
		}
	}
	w.wantTimes(times, w.acknowledged.granted, "lease.granted", "lease.activated")
	w.wantTimes(times, w.acknowledged.revoked, "lease.revoked")
}

func (w *world) wantTimes(times map[string]int, leases map[string]bool, actions ...string) {
	w.t.Helper()
	for lease := range leases {
		for _, action := range actions {
			if n := times[action+" "+lease]; n != 1 {
				w.t.Errorf("%s of %s was acknowledged, and is %d times in the audit log", action, lease, n)
			}
		}
	}
}
