package hub

import (
	"context"
	"slices"
	"strconv"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// NoteGuardHit records that a page was opened during a lease that the lease does not need: its class, nothing more. It is
// taken for a lease that has just ended too.
func (h *Hub) NoteGuardHit(ctx context.Context, call Call, lease keyshift.ID, class pack.GuardClass, allowed bool) error {
	if err := knownClass(class); err != nil {
		return err
	}
	return h.noteOfLease(ctx, call, lease, keyshift.ActGuardHit, map[string]string{"class": string(class), "allowed": strconv.FormatBool(allowed)})
}

// NoteDraftChecks records what the draft check found during a lease: classes and counts.
func (h *Hub) NoteDraftChecks(ctx context.Context, call Call, lease keyshift.ID, hits map[string]int64) error {
	details := map[string]string{}
	for class, count := range hits {
		if !slices.Contains(native.DraftClass(class).Words(), class) || count < 1 {
			return keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no such class of findings, or none were found.", "Send classes of the contract with their counts.")
		}
		details[class] = strconv.FormatInt(min(count, maxHits), 10)
	}
	if len(details) == 0 {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "Nothing was found.", "Send classes with their counts.")
	}
	return h.noteOfLease(ctx, call, lease, keyshift.ActDraftChecked, details)
}

// maxHits is the largest count that is told: more is as bad as this many.
const maxHits = 10_000

func (h *Hub) noteOfLease(ctx context.Context, call Call, lease keyshift.ID, action keyshift.AuditAction, details map[string]string) error {
	if err := h.limits.browserNote(call.DeviceID); err != nil {
		return err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		l, err := ownLease(tx, c, lease)
		if err != nil {
			return struct{}{}, err
		}
		event := leaseEvent(c, action, l)
		event.Details = details
		return struct{}{}, tx.Append(event)
	})
	return err
}
