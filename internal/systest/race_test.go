package systest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// together runs n functions at once and gives their errors.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// A21 on one hub and on three replicas: many devices want the one exclusive account, again and again.
func TestOnlyOneOfManyGetsAnExclusiveAccount(t *testing.T) {
	for _, tt := range []struct {
		name   string
		world  func(testing.TB) *World
		rounds int
	}{
		{"one hub on SQLite", SQLite, 100},
		{"three replicas on PostgreSQL", func(t testing.TB) *World { return Postgres(t, 3) }, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.world(t)
			w.AddUser("dana")
			account := w.AddAccount("acme", nil, "dana")
			devices := make([]*RawDevice, 64)
			for i := range devices {
				devices[i] = w.RawDevice(i%len(w.Replica), "dana")
			}
			for round := range tt.rounds / fewer {
				raceOnce(t, round, account, devices)
			}
		})
	}
}

func raceOnce(t *testing.T, round int, account string, devices []*RawDevice) {
	t.Helper()
	leases := make([]string, len(devices))
	errs := together(len(devices), func(i int) error {
		answer, err := devices[i].CheckOut(t, account, time.Hour)
		leases[i] = answer.GetLease().GetId()
		return err
	})
	winner := -1
	for i, err := range errs {
		var refusal *keyshift.Error
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Fatalf("round %d: devices %d and %d both got the account", round, winner, i)
		case !errors.As(err, &refusal) || refusal.Code != keyshift.CodeAccountInUse || refusal.Facts["holder"] != "dana" || refusal.Facts["until"] == "":
			t.Fatalf("round %d: device %d: %v, want account_in_use with holder and end", round, i, err)
		}
	}
	if winner < 0 {
		t.Fatalf("round %d: nobody got the account", round)
	}
	devices[winner].Give(t, leases[winner])
}

// A22: a request that is repeated, in any order and at once, happens once.
func TestARepeatedRequestHappensOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *World) {
		w.AddUser("dana")
		account := w.AddAccount("acme", &v1.AccountSettings{Exclusive: ptr(false)}, "dana")
		d := w.RawDevice(0, "dana")
		request := &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(time.Hour)}
		var mu sync.Mutex
		leases := map[string]int{}
		for _, err := range together(100, func(int) error {
			answer, _, err := hubclient.Ask(t.Context(), d.Device.CheckOut, request)
			// Requests that overtake each other by more than the window are refused as replayed; the device sends them anew.
			for keyshift.CodeOf(err) == keyshift.CodeReplayed {
				answer, _, err = hubclient.Ask(t.Context(), d.Device.CheckOut, request)
			}
			mu.Lock()
			defer mu.Unlock()
			leases[answer.GetLease().GetId()]++
			if err == nil && len(answer.GetSealedCredential()) == 0 {
				err = errors.New("the answer has no credential")
			}
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(leases) != 1 || len(w.Leases()) != 1 || w.countEvents("lease.granted") != 1 {
			t.Fatalf("leases told: %v, at the hub: %d, granted in the audit log: %d; want one each", leases, len(w.Leases()), w.countEvents("lease.granted"))
		}
		request.Reason = "something else"
		if _, _, err := hubclient.Ask(t.Context(), d.Device.CheckOut, request); keyshift.CodeOf(err) != keyshift.CodeRequestIDReused {
			t.Errorf("the same id with another body: %v, want request_id_reused", err)
		}
	})
}

// A signed request that somebody recorded and plays back does nothing.
func TestARecordedRequestDoesNothing(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	account := w.AddAccount("acme", &v1.AccountSettings{Exclusive: ptr(false)}, "dana")
	d := w.RawDevice(0, "dana")
	if _, err := d.CheckOut(t, account, time.Hour); err != nil {
		t.Fatal(err)
	}
	again := d.Config
	again.Sequence = func() (uint64, error) { return 2, nil } // 1 enrolled, 2 checked out
	replaying := hubclient.NewDevice(again)
	defer replaying.Close()
	_, _, err := hubclient.Ask(t.Context(), replaying.CheckOut, &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(time.Hour)})
	if keyshift.CodeOf(err) != keyshift.CodeReplayed || len(w.Leases()) != 1 {
		t.Errorf("played back: %v with %d leases, want replayed and one", err, len(w.Leases()))
	}
}

// countEvents counts the events of an action, "" for all.
func (w *World) countEvents(action string) int {
	w.t.Helper()
	n := 0
	for e, err := range w.Owner.EachEvent(w.t.Context(), hubclient.EventFilter{}) {
		if err != nil {
			w.t.Fatal(fmt.Errorf("list events: %w", err))
		}
		if action == "" || e.GetAction() == action {
			n++
		}
	}
	return n
}
