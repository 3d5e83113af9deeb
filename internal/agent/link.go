package agent

import (
	"context"
	"errors"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// link is what ties this computer to one hub, from enroll to unenroll.
type link struct {
	witness *witness
	names   names
	// ended ends everything that runs for this link.
	ended context.Context //nolint:containedctx // a link has a lifetime of its own, and this is it
	end   context.CancelFunc

	open func(ctx context.Context, d device) (*line, error)

	mu     sync.Mutex
	device device
	line   *line

	opening chan struct{} // full while somebody reads the keyring
}

// line is an open link: the device keys and the client that signs with them.
type line struct {
	keys seal.Keys
	hub  *hubclient.Device
}

func newLink(d device, w *witness, open func(context.Context, device) (*line, error)) *link {
	l := &link{witness: w, open: open, device: d, opening: make(chan struct{}, 1)}
	l.ended, l.end = context.WithCancel(context.Background())
	return l
}

// self gives what the device knows of itself.
func (l *link) self() device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.device
}

// rename takes over names, and reports whether one was new.
func (l *link) rename(hubName, user string) (device, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.device
	if hubName != "" {
		l.device.HubName = hubName
	}
	if user != "" {
		l.device.User = user
	}
	return l.device, l.device.HubName != before.HubName || l.device.User != before.User
}

// talk gives the line. The device key is read from the keyring when it is needed first, and again until the keyring
// gives it: it may be locked when the agent starts.
func (l *link) talk(ctx context.Context) (*line, error) {
	select {
	case l.opening <- struct{}{}:
		defer func() { <-l.opening }()
	case <-ctx.Done():
		return nil, ringError(ctx.Err())
	}
	l.mu.Lock()
	s, d := l.line, l.device
	l.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := l.open(ctx, d)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.line = s
	l.mu.Unlock()
	return s, nil
}

// idle gives idle connections back.
func (l *link) idle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line != nil {
		l.line.hub.Close()
	}
}

// openLine reads the device key from the keyring and makes the client.
func (a *Agent) openLine(ctx context.Context, d device) (*line, error) {
	seed, err := a.cfg.Ring.Get(ctx, d.ringKey())
	defer seal.Wipe(seed)
	switch {
	case errors.Is(err, osring.ErrNotFound):
		return nil, errNoKey.Because(err)
	case errors.Is(err, osring.ErrCorrupt):
		return nil, errBadKey.Because(err)
	case err != nil:
		return nil, ringError(err)
	}
	keys, err := seal.DeriveKeys(seed)
	if err != nil {
		return nil, errBadKey.Because(err)
	}
	poke(a.askSoon)
	return &line{keys: keys, hub: a.newHub(d, keys)}, nil
}

func (a *Agent) newHub(d device, keys seal.Keys) *hubclient.Device {
	config := hubclient.DeviceConfig{
		Target: d.target(), DeviceID: d.DeviceID, Key: keys.Signing(), Sequence: a.sequence.nextNumber, Clock: a.cfg.Clock,
		OnContact: a.inContact, OnSend: a.onSend,
	}
	if a.cfg.HTTP != nil {
		config.HTTP = a.cfg.HTTP(config.Target)
	}
	return hubclient.NewDevice(config)
}

// tied gives the link, or says that there is none.
func (a *Agent) tied() (*link, error) {
	if l := a.link.Load(); l != nil {
		return l, nil
	}
	return nil, a.notEnrolled()
}

// notEnrolled says why there is no hub.
func (a *Agent) notEnrolled() error {
	if a.damaged.Load() {
		return errDamaged
	}
	return errNotEnrolled
}

// talk gives link and line, or says why there is none.
func (a *Agent) talk(ctx context.Context) (*link, *line, error) {
	l, err := a.tied()
	if err != nil {
		return nil, nil, err
	}
	s, err := l.talk(ctx)
	return l, s, err
}

// owner is whose a lease's secret is.
func (l *link) owner(leaseID, accountID string) secretstore.Owner {
	d := l.self()
	return secretstore.Owner{HubID: d.HubID, DeviceID: d.DeviceID, LeaseID: leaseID, AccountID: accountID}
}
