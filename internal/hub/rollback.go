package hub

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// rollbackAcceptedAt is zero while no rollback was ever accepted.
func (h *Hub) rollbackAcceptedAt() time.Time {
	at := time.UnixMicro(h.rollbackAccepted.Load())
	if at.UnixMicro() <= 0 {
		return time.Time{}
	}
	return at
}

// meetRollback is for a device that holds a signed checkpoint of a log that is not ours. Only a trusted one can end
// lending: otherwise an admin could not get rid of a device that shows an old checkpoint again and again.
func (h *Hub) meetRollback(ctx context.Context, c Caller, j Judgment) error {
	if c.Device.State == keyshift.DeviceTrusted && c.User.Active {
		return h.stopLending(ctx, c)
	}
	return h.noteReport(ctx, c, j)
}

// stopLending puts the hub into rollback_detected.
func (h *Hub) stopLending(ctx context.Context, c Caller) error {
	err := h.Store.Write(ctx, Closing, func(tx Tx) error {
		row, err := tx.Hub()
		if err != nil || row.State == RollbackDetected {
			return err
		}
		row.State = RollbackDetected
		return errors.Join(tx.ClearRollback(), tx.SaveHub(row), tx.Notify(TopicHub, ""), tx.Append(c.event(keyshift.ActRollbackDetected)))
	})
	if err != nil {
		return err
	}
	h.looking.Lock()
	h.rollback.Store(true)
	h.looking.Unlock()
	h.Tree.Poke()
	h.Log.Error("rollback detected", "device", c.Device.ID)
	return nil
}

// reportAgainAfter is how long the same device's report of a rollback is not written down again.
const reportAgainAfter = 24 * time.Hour

// reports remembers which devices without trust have reported a rollback.
type reports struct {
	mu   sync.Mutex
	last map[keyshift.ID]time.Time
}

// news reports whether a report is to be written down.
func (r *reports) news(device keyshift.ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.last[device]; ok && now.Sub(last) < reportAgainAfter {
		return false
	}
	if r.last == nil {
		r.last = map[keyshift.ID]time.Time{}
	}
	r.last[device] = now
	return true
}

// noteReport writes down what a device without trust has shown: admins may find it right.
func (h *Hub) noteReport(ctx context.Context, c Caller, j Judgment) error {
	if !h.reports.news(c.Device.ID, h.Now()) {
		return nil
	}
	event := c.event(keyshift.ActRollbackReported)
	event.Details = map[string]string{"device_state": string(c.Device.State), "user_active": strconv.FormatBool(c.User.Active), "size": strconv.FormatInt(j.PresentedSize, 10)}
	if err := h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.Append(event) }); err != nil {
		return err
	}
	h.Tree.Poke()
	h.Log.Warn("a device without trust reports a rollback", "device", c.Device.ID)
	return nil
}
