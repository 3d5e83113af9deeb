package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// givenBack tells what was given back of what was held. It ends with what kept the rest from being given back, or else
// with the first wipe that did not succeed: that lease is over, but nobody may think that its secret is gone.
func (inv *invocation) givenBack(answer proto.Message, done []*v1.HeldLease, held int, failed error) error {
	if failed == nil {
		failed = unwiped(done)
	}
	if inv.JSON && failed != nil {
		return inv.partly(answer, failed)
	}
	if err := inv.Message(answer, func(w io.Writer) { sayGivenBack(w, done, held) }); err != nil {
		return err
	}
	return failed
}

// unwiped is the error of the first lease that is over and not wiped; nil if there is none.
func unwiped(leases []*v1.HeldLease) error {
	for _, h := range leases {
		if h.GetEnding() == "wipe_failed" {
			return keyshift.Refuse(keyshift.CodeWipeFailed,
				"The secret of "+accountTitle(h.GetLease())+" could not be wiped yet: "+clean(h.GetWipeFailure())+".",
				"The lease is over and your admin is told. The agent goes on trying: unlock your keyring and allow the deletion, then see `"+Name+" leases`.").
				With("lease_id", h.GetLease().GetId())
		}
	}
	return nil
}

// partly is the JSON of a check-in that did not go well in everything: the answer, and what is wrong.
func (inv *invocation) partly(answer proto.Message, failed error) error {
	data, err := cliout.Encode(answer)
	if err != nil {
		return err
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	doc["error"] = cliout.ErrorValue(api.FromConnect(failed))
	if err := inv.Value(doc, nil); err != nil {
		return err
	}
	return toldError{failed}
}

// sayGivenBack tells of the ends of leases no more than what is sure.
func sayGivenBack(w io.Writer, done []*v1.HeldLease, held int) {
	if held == 0 {
		_, _ = fmt.Fprintln(w, "You hold no account.")
	}
	for _, h := range done {
		_, _ = fmt.Fprintf(w, "%s is given back.", accountTitle(h.GetLease()))
		if h.GetEnding() == "wiping" {
			_, _ = fmt.Fprint(w, " Its secret is being wiped from this computer.")
		}
		_, _ = fmt.Fprintln(w)
	}
}
