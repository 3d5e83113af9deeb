package hub_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// broken is a store that cannot be written, with a lease that is over.
type broken struct {
	hub.Store
	over  time.Time
	tried int
}

func (s *broken) Write(context.Context, hub.WriteKind, func(hub.Tx) error, ...hub.Ahead) error {
	s.tried++
	return errors.New("write: no room")
}

func (s *broken) Read(context.Context) hub.Reader { return brokenReader{s: s} }

type brokenReader struct {
	hub.Reader
	s *broken
}

func (r brokenReader) NextDue() (time.Time, error) { return r.s.over, nil }
func (r brokenReader) Hub() (hub.HubRow, error)    { return hub.HubRow{}, nil }

// A hub that cannot write does not fill its log with that as well.
func TestAHubThatCannotWriteDoesNotHurry(t *testing.T) {
	w := newWorld(t)
	s := &broken{over: w.clock.Now().Add(-time.Hour)}
	w.hub.Store = s
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.hub.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	if s.tried < 2 || s.tried > 20 {
		t.Errorf("tried %d times in a minute, want a few", s.tried)
	}
}
