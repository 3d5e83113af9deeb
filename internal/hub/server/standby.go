package server

import (
	"context"
	"time"
)

// standbyEvery is how often the hub looks whether a standby of its database could lose something.
const standbyEvery = time.Minute

// watchStandby looks until ctx ends.
func (s *Server) watchStandby(ctx context.Context) error {
	tick := time.NewTicker(standbyEvery)
	defer tick.Stop()
	for {
		s.standbyAsync(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// standbyAsync reports whether a fail-over of the database may lose what was acknowledged, and logs when that changes. A
// database that does not answer is as it was; the rest of the hub says that it is out of reach.
func (s *Server) standbyAsync(ctx context.Context) bool {
	async, err := s.store.StandbyAsync(ctx)
	if err != nil {
		return s.async.Load()
	}
	switch before := s.async.Swap(async); {
	case async && !before:
		s.config.Log.Warn("the database's standby follows asynchronously: a fail-over may lose what was acknowledged",
			"remedy", "set synchronous_standby_names, and synchronous_commit to on")
	case before && !async:
		s.config.Log.Info("the database's standby follows synchronously")
	}
	return async
}
