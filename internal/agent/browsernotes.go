package agent

import (
	"context"
	"slices"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// guardItem is a page that was met and that a lease does not need: its class only.
type guardItem struct {
	LeaseID string           `json:"lease_id"`
	Class   native.PageClass `json:"class"`
	Allowed bool             `json:"allowed,omitempty"`
}

// draftItem counts what a draft had: classes only.
type draftItem struct {
	LeaseID string            `json:"lease_id"`
	Hits    []native.DraftHit `json:"hits"`
}

// NoteGuard tells the hub, now or when it is in reach, that a guarded page was met.
func (a *Agent) NoteGuard(lease native.Lease, hit native.GuardHit) error {
	return a.note(outItem{RequestID: a.newID(), Guard: &guardItem{lease.ID, hit.PageClass, slices.Contains(lease.AllowedGuards, hit.PageClass)}})
}

// NoteDraft tells the hub, now or when it is in reach, what a draft had. One without hits is not told.
func (a *Agent) NoteDraft(q native.DraftChecked) error {
	hits := slices.DeleteFunc(slices.Clone(q.Hits), func(h native.DraftHit) bool { return h.Count < 1 })
	if len(hits) == 0 {
		return nil
	}
	return a.note(outItem{RequestID: a.newID(), Draft: &draftItem{q.LeaseID, hits}})
}

func (a *Agent) note(item outItem) error {
	err := a.outbox.change(func(s *outboxState) error {
		s.Waiting = append(s.Waiting, item)
		s.forgetNotes()
		return nil
	})
	poke(a.outSoon)
	return err
}

// forgetNotes keeps the notes of browsers within their bound; what users wrote stays.
func (s *outboxState) forgetNotes() {
	isNote := func(i outItem) bool { return i.Guard != nil || i.Draft != nil }
	n := 0
	for _, i := range s.Waiting {
		if isNote(i) {
			n++
		}
	}
	for ; n > maxNotes; n-- {
		at := slices.IndexFunc(s.Waiting, isNote)
		s.Waiting = slices.Delete(s.Waiting, at, at+1)
	}
}

func sendNote(ctx context.Context, s *line, item outItem) error {
	if g := item.Guard; g != nil {
		_, _, err := hubclient.Ask(ctx, s.hub.NoteGuardHit, &v1.NoteGuardHitRequest{
			RequestId: item.RequestID, LeaseId: g.LeaseID, Class: string(g.Class), Allowed: g.Allowed,
		})
		return err
	}
	question := &v1.NoteDraftChecksRequest{RequestId: item.RequestID, LeaseId: item.Draft.LeaseID}
	for _, h := range item.Draft.Hits {
		question.Hits = append(question.Hits, &v1.DraftHits{Class: string(h.Class), Count: int32(min(h.Count, 1<<30))}) //nolint:gosec // just bounded
	}
	_, _, err := hubclient.Ask(ctx, s.hub.NoteDraftChecks, question)
	return err
}
