package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

type doctorCmd struct{}

// Help is shown below the usage.
func (doctorCmd) Help() string {
	return "The agent looks at what it needs: keyring, hub, clock, folders. If no agent runs, what can be seen without one is looked at here. " +
		"The exit code is that of the first thing that is wrong."
}

func (cmd *doctorCmd) Run(ctx context.Context, inv *invocation) error {
	findings := append([]*v1.Finding{inv.findService(ctx)}, inv.inside(ctx)...)
	if err := ctx.Err(); err != nil {
		return err
	}
	err := inv.Message(&v1.LocalServiceDiagnoseResponse{Findings: findings}, func(w io.Writer) { sayFindings(w, findings) })
	if err != nil {
		return err
	}
	for _, f := range findings {
		if !f.GetOk() {
			return toldError{keyshift.Refuse(keyshift.Code(f.GetCode()), f.GetText(), f.GetMend())}
		}
	}
	return nil
}

func fine(subject, text string) *v1.Finding {
	return &v1.Finding{Subject: subject, Ok: true, Text: text}
}

func wrong(subject string, err error) *v1.Finding {
	e := api.FromConnect(err)
	return &v1.Finding{Subject: subject, Text: e.Text, Mend: e.Hint, Code: string(e.Code)}
}

// inside is what the agent finds, or why it cannot be asked and what can be seen without it.
func (inv *invocation) inside(ctx context.Context) []*v1.Finding {
	client, err := inv.client()
	if err != nil {
		return []*v1.Finding{wrong("runtime folder", err), inv.findStateDir(), inv.findKeyring(ctx)}
	}
	res, err := client.Diagnose(ctx)
	if err != nil {
		return []*v1.Finding{wrong("agent", err), inv.findRuntimeDir(client.Path()), inv.findStateDir(), inv.findKeyring(ctx)}
	}
	return append([]*v1.Finding{fine("agent", "It is running and answers at "+clean(client.Path())+".")}, res.GetFindings()...)
}

// findRuntimeDir looks for the folder in which the agent makes a private one for its socket.
func (inv *invocation) findRuntimeDir(socket string) *v1.Finding {
	const subject = "runtime folder"
	dir := socketParent(socket)
	if dir == "" {
		return fine(subject, "The agent's pipe needs none.")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return wrong(subject, keyshift.Refuse(keyshift.CodeUnavailable, "There is no folder "+clean(dir)+" for the agent's socket.",
			"Log out and in again: the system makes it at login."))
	}
	return fine(subject, clean(dir)+" is there.")
}

// findService finds nothing wrong with a login that has no services: the agent may be started otherwise.
func (inv *invocation) findService(ctx context.Context) *v1.Finding {
	manager, err := inv.manager()
	var st service.Status
	if err == nil {
		st, err = manager.Status(ctx)
	}
	switch {
	case errors.Is(err, service.ErrNoServiceSystem):
		return fine("service", "This login has no service manager: something else has to run `"+Name+" run`.")
	case err != nil:
		return wrong("service", explainService(err))
	case st.State == service.NotInstalled:
		return fine("service", "Not installed: the agent does not start at login. `"+Name+" install` changes that.")
	case st.State == service.Failed:
		return wrong("service", keyshift.Refuse(keyshift.CodeUnavailable, "The agent's service failed: "+clean(st.Detail)+".", "Run `"+Name+" start` and look into the service's log."))
	}
	return fine("service", "It is "+st.State.String()+".")
}

// findStateDir finds nothing wrong with a folder that is not there yet.
func (inv *invocation) findStateDir() *v1.Finding {
	const subject = "state folder"
	dir, err := inv.stateDir()
	if err != nil {
		return wrong(subject, err)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fine(subject, clean(dir)+" will be made when the agent starts.")
	case err != nil || !info.IsDir():
		return wrong(subject, keyshift.Refuse(keyshift.CodeStorageReadonly, clean(dir)+" cannot be used as a folder.", "Look what it is, and move it away."))
	}
	return fine(subject, clean(dir)+" is there.")
}

// findKeyring tries the keyring as the agent would.
func (inv *invocation) findKeyring(ctx context.Context) *v1.Finding {
	err := inv.Keyring.Probe(ctx)
	switch {
	case err == nil:
		return fine("keyring", "It stores, reads and deletes.")
	case errors.Is(err, osring.ErrLocked):
		err = keyshift.Refuse(keyshift.CodeKeyringLocked, "Your keyring is locked.", "Unlock your keyring, then try again.").Because(err)
	case errors.Is(err, osring.ErrTimeout):
		err = keyshift.Refuse(keyshift.CodeKeyringLocked, "Your keyring does not answer.", "Look for a window that asks for its password, then try again.").Because(err)
	case errors.Is(err, osring.ErrNotDeleted), errors.Is(err, osring.ErrNotStored):
		err = keyshift.Refuse(keyshift.CodeKeyringUnavailable, "Your keyring says that it did what it did not do.", "Allow it when the keyring asks, then try again.").Because(err)
	default:
		err = keyshift.Refuse(keyshift.CodeKeyringUnavailable, "There is no keyring that works: "+clean(err.Error())+".", keyringHint).Because(err)
	}
	return wrong("keyring", err)
}

func sayFindings(w io.Writer, findings []*v1.Finding) {
	problems := 0
	for _, f := range findings {
		mark := "ok    "
		if !f.GetOk() {
			mark = "WRONG "
			problems++
		}
		_, _ = fmt.Fprintf(w, "%s %s: %s\n", mark, clean(f.GetSubject()), keyshift.CleanText(f.GetText(), 500))
		if !f.GetOk() && f.GetMend() != "" {
			_, _ = fmt.Fprintf(w, "       %s\n", keyshift.CleanText(f.GetMend(), 500))
		}
	}
	switch problems {
	case 0:
		_, _ = fmt.Fprintln(w, "\nNothing is wrong.")
	case 1:
		_, _ = fmt.Fprintln(w, "\nOne thing is wrong.")
	default:
		_, _ = fmt.Fprintf(w, "\n%d things are wrong. Begin with the first.\n", problems)
	}
}
