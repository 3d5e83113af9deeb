package agent

import (
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A06 (b) and a restart: whatever an agent needs to talk to the hub must not need room.
func TestAnAgentThatStartsOnAFullDiskObeysRevoke(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		w.leases.fill(syscall.ENOSPC)
		w.state.fill(syscall.ENOSPC)
		stop()
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(2 * time.Second)
		w.boot()
		w.settle(10 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// A key file that stays opens nothing: its other half goes all the same. It is not called removed before both are gone.
func TestAReadOnlyFolderLeavesNothingThatOpens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.leases.fill(syscall.EROFS)
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(5 * time.Second)
		for _, key := range w.ring.Keys() {
			if strings.HasPrefix(key, "lease:") {
				t.Errorf("the keyring still has %s", key)
			}
		}
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_DELIVERED)
		if got := w.hub.one().GetRemoval().GetWipeFailure(); got != "the key file could not be removed" {
			t.Errorf("the hub heard %q", got)
		}
		w.leases.fill(nil)
		w.settle(2 * lastRetry)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// spoilt are what a file may look like after a disk went wrong.
var spoilt = map[string]string{
	"empty": "", "cut off": `{"hub_id":"01`, "zeros": string(make([]byte, 200)), "no object": "[]", "nothing in it": "{}",
	"strange": `{"hub_url":"http://hub.example","hub_id":"../..","device_id":"x","hub_key":"AA=="}`,
}

// Without the device file nobody can say which hub the leases are of. So they end, and nothing is forgotten unasked: only a
// person can enroll the computer anew.
func TestADamagedEnrollmentEndsAllLeases(t *testing.T) {
	for name, text := range spoilt {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				w.checkedOut(a)
				stop()
				_ = w.state.Write(deviceFile, []byte(text))
				a, _ = w.boot()
				w.settle(time.Second)
				w.wantNothingLeft()
				if s := a.Status(); s.GetEnrolled() || s.GetProblem().GetCode() != string(keyshift.CodeIntegrityFailed) {
					t.Errorf("got %v, want a damaged enrollment", s)
				}
				_, err := a.CheckOut(t.Context(), w.request("x/acme"))
				w.wantCode(err, keyshift.CodeIntegrityFailed)
				_, err = a.Enroll(t.Context(), w.code(), "laptop")
				w.wantCode(err, keyshift.CodeIntegrityFailed)
				_, err = a.Unenroll(t.Context(), false)
				w.wantCode(err, keyshift.CodeIntegrityFailed)
				if told, err := a.Unenroll(t.Context(), true); told || err != nil {
					t.Errorf("unenroll by force: %v, %v", told, err)
				}
				w.hub.with(func() { w.hub.device = nil }) // the new code is for another device
				if _, err := a.Enroll(t.Context(), w.code(), "laptop"); err != nil {
					t.Errorf("enroll anew: %v", err)
				}
			})
		})
	}
}

// Each of the other files may be damaged: the agent starts, and either mends itself by what the hub says or tells what is
// wrong. TestRestart shows that a lease does not outlive its time file.
func TestADamagedFileIsMendedOrTold(t *testing.T) {
	for _, tt := range []struct {
		file, text string
		problem    keyshift.Code // "" when the agent mends itself
	}{
		{timeFile, "", ""},
		{timeFile, string(make([]byte, 300)), ""},
		{timeFile, `{"Witnessed":{"High":"2126-01-01T00:00:00Z"}}`, ""},
		{sequenceFile, "", ""},
		{sequenceFile, string(make([]byte, 13)), ""},
		{sequenceFile, "9000000000000000000", ""},
		{witnessFile, "", keyshift.CodeIntegrityFailed},
		{witnessFile, string(make([]byte, 500)), keyshift.CodeIntegrityFailed},
		{witnessFile, `{"newest":"of another time"}`, keyshift.CodeIntegrityFailed},
	} {
		t.Run(tt.file+" "+strings.Trim(tt.text, "\x00"), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				_, stop := w.enrolled()
				stop()
				_ = w.state.Write(tt.file, []byte(tt.text))
				a, _ := w.boot()
				w.settle(time.Minute)
				if got := a.Status().GetProblem().GetCode(); got != string(tt.problem) {
					t.Errorf("got the problem %q, want %q", got, tt.problem)
				}
				// A device that cannot be a witness of the hub's log any more can still be lent to, and taken from.
				if _, err := a.CheckIn(t.Context(), w.checkedOut(a).GetLease().GetId()); err != nil {
					t.Errorf("check in: %v", err)
				}
				w.wantNothingLeft()
			})
		})
	}
}
