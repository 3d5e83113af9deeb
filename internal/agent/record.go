package agent

import (
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// phase is how far one check-out has come. Each phase is written before the step after it begins, so that a crash between any
// two leaves a record that says what remains to be done; and on the disk before anything is stored or removed for it.
type phase string

const (
	// requested: about to be asked of the hub, or asked. A lost answer is got by asking again with the same request id. The
	// secret may be kept already, but not used.
	requested phase = "requested"
	// active: the secret is kept, and the hub has confirmed the lease. It may be used.
	active phase = "active"
	// ending: over. From here on nothing is used; the key is to be removed.
	ending phase = "ending"
	// keyless: the key is gone for good, the keyring item is to be removed.
	keyless phase = "keyless"
	// wiped: nothing is left on the device; the hub is to hear it. After that there is no record.
	wiped phase = "wiped"
)

func (p phase) known() bool { return p.live() || p == ending || p == keyless || p == wiped }

func (p phase) live() bool { return p == requested || p == active }

// record is what the journal says of one check-out. It is a value: a change makes a new one. The lease in it is never
// changed in place.
type record struct {
	// RequestID names the check-out, its key file and its keyring item. For a lease that the hub knows of and we do not,
	// it is the lease id.
	RequestID string `json:"request_id"`
	Phase     phase  `json:"phase"`

	// What was asked for, and when.
	Account   string            `json:"account,omitempty"`
	AccountID string            `json:"account_id,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	Duration  time.Duration     `json:"duration,omitempty"`
	At        bootclock.Reading `json:"at"`

	// Lease is what the hub said of it last, nil before its first word, and Given the contact that brought the end.
	Lease *v1.Lease         `json:"-"`
	Given hubclient.Contact `json:"given"`
	// HandedOut: the secret or a one-time code was given to the user, so a session may be open.
	HandedOut bool `json:"handed_out,omitempty"`

	// Cause is why we ended it; "" when the hub did.
	Cause keyshift.EndCause `json:"cause,omitempty"`
	// Foreign: the hub knows of this lease and we had nothing of it.
	Foreign bool `json:"foreign,omitempty"`
	// ItemFree: the keyring was never given anything. Only a record that is ending says so.
	ItemFree bool `json:"item_free,omitempty"`
	// fresh: this run asked first, so no earlier one can have stored anything.
	fresh bool
	// Delivered and Told: the hub heard that we know of the end, and of an end that was ours.
	Delivered bool `json:"delivered,omitempty"`
	Told      bool `json:"told,omitempty"`
	// WipeFailure is why the wipe does not succeed yet, ToldFailure what of that the hub heard.
	WipeFailure string `json:"wipe_failure,omitempty"`
	ToldFailure string `json:"told_failure,omitempty"`
}

// recordFile is a record with its lease in the JSON form of the contract.
type recordFile struct {
	record
	Lease json.RawMessage `json:"lease,omitempty"`
}

func (r record) encode() ([]byte, error) {
	out := recordFile{record: r}
	if r.Lease != nil {
		lease, err := protojson.Marshal(r.Lease)
		if err != nil {
			return nil, fmt.Errorf("encode lease: %w", err)
		}
		out.Lease = lease
	}
	return json.Marshal(out)
}

func decodeRecord(raw []byte) (record, error) {
	var in recordFile
	if err := json.Unmarshal(raw, &in); err != nil {
		return record{}, fmt.Errorf("decode record: %w", err)
	}
	if in.Lease != nil {
		in.record.Lease = new(v1.Lease)
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(in.Lease, in.record.Lease); err != nil {
			return record{}, fmt.Errorf("decode lease: %w", err)
		}
	}
	return in.record, nil
}

// term is what bounds the lease in time.
func (r record) term() term {
	return term{EndsAt: r.Lease.GetEndsAt().AsTime(), Given: r.Given, Grace: r.Lease.GetOfflineGrace().AsDuration(), Begun: r.At}
}

// withLease takes over what an answer says of the lease.
func (r record) withLease(l *v1.Lease, given hubclient.Contact) record {
	r.Lease, r.Given = l, given
	return r
}

// keptNowhere reports whether the lease has no secret in the keyring.
func (r record) keptNowhere() bool {
	return r.ItemFree || r.Lease != nil && (delegated(r.Lease) || inMemory(r.Lease))
}

func delegated(l *v1.Lease) bool { return l.GetAccessMode() == v1.AccessMode_ACCESS_MODE_DELEGATED }

func inMemory(l *v1.Lease) bool { return l.GetLeaseStorage() == v1.LeaseStorage_LEASE_STORAGE_MEMORY }

// receipt is what can be said of the removal now. That access is removed is said only when nothing of it was ever given
// out, and no browser owes a clean-up.
func (a *Agent) receipt(r record) *v1.Receipt {
	session := a.sessions.find(r.Lease.GetId())
	unconfirmed := r.HandedOut || len(session.Profiles) > 0
	rc := &v1.Receipt{LeaseId: r.Lease.GetId(), Step: v1.RemovalStep_REMOVAL_STEP_DELIVERED, SessionUnconfirmed: unconfirmed}
	switch {
	case r.Phase != wiped:
		rc.WipeFailure = r.WipeFailure
	case unconfirmed || r.Foreign:
		rc.Step = v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED
	default:
		rc.Step, rc.SignOut = v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED, string(session.SignOut)
	}
	return rc
}

// shownLease is the lease as it is to be shown. Once it has ended here, it is shown as ended, also before the hub has put
// that into words.
func (r record) shownLease() *v1.Lease {
	if r.Phase.live() || r.Lease == nil || r.Lease.GetEndedAt() != nil {
		return r.Lease
	}
	l := proto.CloneOf(r.Lease)
	l.State, l.EndReason = v1.LeaseState_LEASE_STATE_CHECKED_IN, string(r.Cause)
	switch {
	case r.Cause == "":
		l.State, l.EndReason = v1.LeaseState_LEASE_STATE_REVOKED, "ended by the hub"
	case r.Cause.State() == keyshift.LeaseExpired:
		l.State = v1.LeaseState_LEASE_STATE_EXPIRED
	}
	return l
}
