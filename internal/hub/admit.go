package hub

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// admitted is a user who had a right a moment ago.
type admitted struct {
	user  keyshift.User
	until time.Time
}

const (
	// admittedFor is how long that spares a look into the database.
	admittedFor = 500 * time.Millisecond
	maxAdmitted = 1_000
)

// Admit asks whether a user may be listened to, before the content of a request is read: whoever may not learns nothing from
// how it is judged. It decides nothing: the use case asks [Hub.Authorize] on its own data. For an effect, which always does
// so in its transaction, a yes of the last half second will do; a no is always asked for anew.
func (h *Hub) Admit(ctx context.Context, c Call) error {
	token, brief := keyshift.ID(c.TokenHash), c.Access.Effect && c.Access.Kind == UserAccess
	if known, ok := h.admitted.get(token); ok && brief && h.Now().Before(known.until) && mayCall(known.user, c.Access) == nil && !h.rollback.Load() {
		return nil
	}
	caller, err := h.Authorize(h.Store.Read(ctx), c)
	if err == nil && brief {
		h.admitted.put(token, admitted{caller.User, h.Now().Add(admittedFor)})
	}
	return err
}
