package cli

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type auditExportCmd struct {
	File string `arg:"" help:"The file to write; it must not exist yet. Only you can read it."`
}

// Run exports the log.
func (c *auditExportCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		size, err := exportTo(ctx, hub, c.File)
		if err != nil {
			return err
		}
		answer := struct {
			File  string `json:"file"`
			Bytes int64  `json:"bytes"`
		}{c.File, size}
		return inv.Value(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Wrote the audit log to %s (%d bytes). It names people: keep it as such.\nProve it: %s audit verify %s\n", c.File, size, Name, c.File)
		})
	})
}

// exportTo writes the log into a new file of mode 0600, and leaves none behind if it does not come whole.
func exportTo(ctx context.Context, hub *hubclient.Admin, path string) (int64, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return 0, keyshift.Refuse(keyshift.CodeAlreadyExists, path+" exists already.", "Choose another name; an export never replaces a file.")
	}
	if err != nil {
		return 0, fileError(path+" cannot be written.", err)
	}
	size, err := hub.Export(ctx, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		return size, nil
	}
	if removeErr := os.Remove(path); removeErr != nil {
		return 0, errors.Join(err, removeErr)
	}
	if _, ok := errors.AsType[*keyshift.Error](err); ok {
		return 0, err
	}
	return 0, fileError(path+" cannot be written.", err)
}

type auditVerifyCmd struct {
	File    string   `arg:"" optional:"" help:"An export. Without it the log is fetched from the hub now."`
	Witness []string `sep:"none" placeholder:"FILE" help:"A checkpoint that a device kept: the log has to continue it. May be given several times."`
}

// Help says what is relied on.
func (*auditVerifyCmd) Help() string {
	return "With a file nobody is asked: it works offline. What is relied on is the hub's key, which came with your login code; without a login the key in the file itself is used, and the answer says so."
}

// Run verifies an export with the hub's key that came with the login code.
func (c *auditVerifyCmd) Run(ctx context.Context, inv *invocation) error {
	trust, err := c.trust(inv)
	if err != nil {
		return err
	}
	path := c.File
	if path == "" {
		var done func()
		if path, done, err = fetchLog(ctx, inv); err != nil {
			return err
		}
		defer done()
	}
	file, err := os.Open(path)
	if err != nil {
		return fileError(path+" cannot be read.", err)
	}
	defer file.Close()
	report, err := audit.Verify(file, trust)
	if problem, ok := errors.AsType[*audit.Problem](err); ok {
		return c.damaged(inv, report, problem)
	}
	if err != nil {
		return fileError(path+" cannot be read.", err)
	}
	return inv.Value(reportValue(report), func(w io.Writer) { _, _ = io.WriteString(w, report.Text()) })
}

// trust is the hub of the profile, if there is one.
func (c *auditVerifyCmd) trust(inv *invocation) (audit.Trust, error) {
	var t audit.Trust
	p, err := inv.login()
	switch {
	case inv.ConfigDir == "":
	case err == nil:
		t.HubID, t.PublicKey = keyshift.ID(p.HubID), ed25519.PublicKey(p.HubKey)
	case keyshift.CodeOf(err) != keyshift.CodeNotLoggedIn:
		return t, err
	}
	for _, path := range c.Witness {
		note, err := os.ReadFile(path)
		if err != nil {
			return t, fileError("The checkpoint "+path+" cannot be read.", err)
		}
		t.Witness = append(t.Witness, string(note))
	}
	return t, nil
}

// fetchLog exports the log into a folder of its own and gives what removes it.
func fetchLog(ctx context.Context, inv *invocation) (path string, done func(), err error) {
	dir, err := os.MkdirTemp("", "keyshift-audit-")
	if err != nil {
		return "", nil, fileError("There is no room for a temporary file.", err)
	}
	done = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "audit.jsonl")
	err = inv.withHub(func(hub *hubclient.Admin) error {
		_, err := exportTo(ctx, hub, path)
		return err
	})
	if err != nil {
		done()
	}
	return path, done, err
}

// damaged is the error of a log that is not in order. People get the whole report.
func (c *auditVerifyCmd) damaged(inv *invocation, r audit.Report, p *audit.Problem) error {
	if !inv.JSON {
		if err := inv.Words(func(w io.Writer) { _, _ = io.WriteString(w, r.Text()) }); err != nil {
			return err
		}
	}
	return keyshift.Refuse(keyshift.CodeIntegrityFailed, "The audit log is not in order: "+p.Detail,
		"Keep this export, compare it with earlier ones and with the checkpoints on devices, and tell who runs the hub.").
		With("kind", p.Kind.Error()).With("index", strconv.FormatInt(p.Index, 10)).With("from", strconv.FormatInt(p.From, 10)).With("to", strconv.FormatInt(p.To, 10)).
		With("proven", strconv.FormatInt(r.Proven, 10))
}

// verified is a report for programs.
type verified struct {
	HubID       keyshift.ID `json:"hubId"`
	Key         string      `json:"key"`
	KeyTrusted  bool        `json:"keyTrusted"`
	Size        int64       `json:"size"`
	Root        string      `json:"root"`
	Events      int64       `json:"events"`
	Checkpoints int64       `json:"checkpoints"`
	Witnesses   int64       `json:"witnesses"`
	Erased      int64       `json:"erased"`
}

func reportValue(r audit.Report) verified {
	return verified{r.HubID, r.Key, r.KeyTrusted, r.Head.Size, r.Head.Root.String(), r.Events, r.Checkpoints, r.Witnesses, r.Erased}
}
