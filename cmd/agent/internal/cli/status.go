package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type statusCmd struct{}

// Run shows what is known, and fails when the agent does not answer: that is what a script asks for.
func (cmd *statusCmd) Run(ctx context.Context, inv *invocation) error {
	svc := inv.serviceStatus(ctx)
	client, err := inv.client()
	if err != nil {
		return err
	}
	status, failed := client.Status(ctx)
	if inv.JSON {
		return inv.statusJSON(svc, status, failed)
	}
	err = inv.Words(func(w io.Writer) {
		cliout.Facts(w, append([][2]string{{"Service", svc.words()}}, inv.statusRows(status)...))
		if failed == nil && len(status.GetLeases()) > 0 {
			_, _ = fmt.Fprintln(w)
			inv.sayLeases(w, status.GetLeases(), 0)
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// serviceView is the user's service as it is shown.
type serviceView struct {
	State   string `json:"state"`
	AtLogin bool   `json:"atLogin"`
	PID     int    `json:"pid"`
	Detail  string `json:"detail"`
}

// serviceStatus looks at the service. That this login has none is no error here: the agent may run without.
func (inv *invocation) serviceStatus(ctx context.Context) serviceView {
	manager, err := inv.manager()
	var st service.Status
	if err == nil {
		st, err = manager.Status(ctx)
	}
	switch {
	case errors.Is(err, service.ErrNoServiceSystem):
		return serviceView{State: "none"}
	case err != nil:
		return serviceView{State: "unknown", Detail: clean(err.Error())}
	}
	return serviceView{st.State.String(), st.AtLogin, st.PID, clean(st.Detail)}
}

func (v serviceView) words() string {
	words := []string{v.State}
	switch {
	case v.State == "none":
		return "none: this login has no service manager"
	case v.State == "unknown":
		return "unknown: " + v.Detail
	case v.State == service.NotInstalled.String():
		return v.State + "; `" + Name + " install` starts the agent at each login"
	case v.AtLogin:
		words = append(words, "starts at login")
	default:
		words = append(words, "does not start at login")
	}
	if v.PID > 0 {
		words = append(words, fmt.Sprintf("process %d", v.PID))
	}
	return strings.Join(words, ", ")
}

func (inv *invocation) statusJSON(svc serviceView, status *v1.LocalServiceGetStatusResponse, failed error) error {
	doc := map[string]any{"service": svc, "agent": json.RawMessage("null")}
	if failed != nil {
		doc["error"] = cliout.ErrorValue(api.FromConnect(failed))
	} else {
		agent, err := cliout.Encode(status)
		if err != nil {
			return err
		}
		doc["agent"] = agent
	}
	if err := inv.Value(doc, nil); err != nil || failed == nil {
		return err
	}
	return toldError{failed}
}

// statusRows puts the agent's status into words; nothing for no status.
func (inv *invocation) statusRows(s *v1.LocalServiceGetStatusResponse) [][2]string {
	if s == nil {
		return nil
	}
	rows := [][2]string{{"Agent", "running, version " + clean(s.GetVersion())}}
	if !s.GetEnrolled() {
		return append(rows, [2]string{"Hub", "none: ask your admin for an enrollment code and run `" + Name + " enroll`"})
	}
	rows = append(rows,
		[2]string{"Hub", clean(s.GetHubName()) + " at " + clean(s.GetHubUrl())},
		[2]string{"Contact", inv.contact(s)},
		[2]string{"Device", clean(s.GetDeviceName()) + " of " + clean(s.GetUser())})
	if trust := trustWords[s.GetTrust()]; trust != "" {
		rows = append(rows, [2]string{"Locked", trust})
	}
	if p := s.GetProblem(); p != nil {
		rows = append(rows, [2]string{"Problem", p.GetText()})
		if p.GetHint() != "" {
			rows = append(rows, [2]string{"", p.GetHint()})
		}
	}
	if len(s.GetLeases()) == 0 {
		rows = append(rows, [2]string{"Leases", "none"})
	}
	return rows
}

func (inv *invocation) contact(s *v1.LocalServiceGetStatusResponse) string {
	state := "not connected"
	if s.GetConnected() {
		state = "connected"
	}
	if s.GetLastContact() == nil {
		return state
	}
	return state + ", last heard at " + inv.Clock(s.GetLastContact().AsTime())
}

var trustWords = map[v1.Trust]string{
	v1.Trust_TRUST_STALE:         "no contact with the hub for more than " + timeLeft(keyshift.StaleAfter) + ": nothing is filled or shown until it is back",
	v1.Trust_TRUST_CLOCK_SUSPECT: "the clock of this computer looks wrong: nothing is filled or shown until the hub has told the time",
}

type syncCmd struct{}

func (cmd *syncCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Sync(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Up to date with %s.\n", clean(res.GetStatus().GetHubName()))
	})
}
