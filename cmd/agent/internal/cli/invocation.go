package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// invocation is a program with its parsed arguments.
type invocation struct {
	*Program
	cliout.Printer
	grammar grammar
}

// now is the time in the zone in which times are shown.
func (inv *invocation) now() time.Time { return inv.Program.Now() }

// socket is where the agent is expected.
func (inv *invocation) socket() (string, error) {
	if inv.grammar.Socket != "" {
		return inv.grammar.Socket, nil
	}
	return DefaultSocket(inv.Env)
}

// stateDir is where the agent keeps its state.
func (inv *invocation) stateDir() (string, error) {
	if inv.grammar.StateDir == "" {
		return stateBase(inv.Env)
	}
	dir, err := filepath.Abs(inv.grammar.StateDir)
	if err != nil {
		return "", fmt.Errorf("find state folder: %w", err)
	}
	return dir, nil
}

// client asks the running agent.
func (inv *invocation) client() (*localclient.Client, error) {
	path, err := inv.socket()
	if err != nil {
		return nil, err
	}
	return localclient.Resume(path, inv.Begun), nil
}

// confirm asks for a yes, unless it was given as a flag.
func (inv *invocation) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	return cliout.Confirm(ctx, inv.Console, question, "--yes")
}

// lease resolves what a command is about: what was named, or the only lease there is.
func (inv *invocation) lease(ctx context.Context, c *localclient.Client, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	leases, err := live(ctx, c)
	switch {
	case err != nil:
		return "", err
	case len(leases) == 0:
		return "", keyshift.Refuse(keyshift.CodeNotFound, "You hold no account.", "See what you can check out: `"+Name+" accounts`.")
	case len(leases) > 1:
		return "", keyshift.Invalid(api.CodeUsage, "You hold several accounts: "+listNames(leases)+".", "Say which one.")
	}
	return leases[0].GetLease().GetId(), nil
}

// live lists the leases that are not over.
func live(ctx context.Context, c *localclient.Client) ([]*v1.HeldLease, error) {
	res, err := c.Leases(ctx)
	if err != nil {
		return nil, err
	}
	var leases []*v1.HeldLease
	for _, h := range res.GetLeases() {
		if isLive(h) {
			leases = append(leases, h)
		}
	}
	return leases, nil
}

func isLive(h *v1.HeldLease) bool {
	state := h.GetLease().GetState()
	return h.GetEnding() == "" && (state == v1.LeaseState_LEASE_STATE_ACTIVE || state == v1.LeaseState_LEASE_STATE_PENDING)
}

func listNames(leases []*v1.HeldLease) string {
	names := make([]string, len(leases))
	for i, h := range leases {
		names[i] = accountName(h.GetLease())
	}
	return strings.Join(names, ", ")
}
