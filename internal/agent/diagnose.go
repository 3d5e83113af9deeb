package agent

import (
	"context"
	"os"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// hubLimit is how long Diagnose waits for the hub.
const hubLimit = 10 * time.Second

// Diagnose tries everything that the agent depends on and says of each whether it works, and which command mends it if
// not. It may make the keyring show a prompt.
func (a *Agent) Diagnose(ctx context.Context) []*v1.Finding {
	list := []*v1.Finding{a.diagnoseFolder("state folder", a.cfg.StateDir), a.diagnoseWriting()}
	if a.cfg.RuntimeDir != "" {
		list = append(list, a.diagnoseFolder("runtime folder", a.cfg.RuntimeDir))
	}
	list = append(list, a.diagnoseKeyring(ctx), a.diagnoseHub(ctx), a.diagnoseClock(), a.diagnosePacks())
	return append(list, a.diagnoseBrowsers()...)
}

func well(subject, text string) *v1.Finding {
	return &v1.Finding{Subject: subject, Ok: true, Text: text}
}

func unwell(subject string, err error, mend string) *v1.Finding {
	e := shown(err)
	text := e.Text
	if e.Hint != "" {
		text += " " + e.Hint
	}
	return &v1.Finding{Subject: subject, Text: text, Mend: mend, Code: string(e.Code)}
}

func (a *Agent) diagnoseFolder(subject, path string) *v1.Finding {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return unwell(subject, keyshift.Refuse(keyshift.CodeStorageReadonly, "The folder "+path+" cannot be looked at.", "Restart the agent: it makes the folder.").Because(err), "")
	case exposed(info):
		return unwell(subject, keyshift.Refuse(keyshift.CodeForbidden, "Others may look into "+path+".", ""), "chmod 700 "+quoted(path))
	}
	return well(subject, "Only you can look into "+path+".")
}

// quoted writes a path so that a shell takes it as one word.
func quoted(path string) string {
	out := []byte{'\''}
	for _, c := range []byte(path) {
		if c == '\'' {
			out = append(out, `'\'`...)
		}
		out = append(out, c)
	}
	return string(append(out, '\''))
}

func (a *Agent) diagnoseWriting() *v1.Finding {
	const name = "probe"
	err := a.files.Write(name, []byte("probe"))
	if err == nil {
		err = a.files.Remove(name)
	}
	if err != nil {
		return unwell("disk", storageError(err), "df -h "+quoted(a.cfg.StateDir))
	}
	return well("disk", "The agent can write its files.")
}

func (a *Agent) diagnoseKeyring(ctx context.Context) *v1.Finding {
	if err := probe(ctx, a.cfg.Ring); err != nil {
		err = ringError(err)
		return unwell("keyring", err, keyringMend(keyshift.CodeOf(err)))
	}
	return well("keyring", "The keyring stores, gives and deletes.")
}

func (a *Agent) diagnoseHub(ctx context.Context) *v1.Finding {
	l, err := a.tied()
	if err != nil {
		return unwell("hub", err, "keyshift-agent enroll")
	}
	ctx, cancel := context.WithTimeout(ctx, hubLimit)
	defer cancel()
	if err := a.SyncNow(ctx); err != nil {
		return unwell("hub", err, hubMend(keyshift.CodeOf(err), l.self().HubURL))
	}
	d := l.self()
	return well("hub", "The hub “"+d.HubName+"” at "+d.HubURL+" answers, and knows this computer as “"+d.DeviceName+"” of "+d.User+".")
}

func hubMend(code keyshift.Code, url string) string {
	switch code {
	case keyshift.CodeHubUnreachable:
		return "curl -v " + quoted(url)
	case keyshift.CodeDeviceNotTrusted:
		return "keyshift-agent unenroll --force"
	}
	return ""
}

func (a *Agent) diagnoseClock() *v1.Finding {
	now, err := a.cfg.Clock.Read()
	if err != nil {
		return unwell("clock", errClockSuspect.Because(err), "")
	}
	w := a.times.state().Witnessed
	if _, ok := now.Since(w.Told.Asked); !ok {
		return well("clock", "The hub has not told its time since this computer was started, so the clock cannot be compared.")
	}
	skew := w.skew(now)
	if skew.Abs() > maxSkew || w.turnedBack(now) {
		return unwell("clock", clockSuspect(skew), clockMend)
	}
	return well("clock", "The clock is within "+keyshift.DurationText(skew.Abs().Truncate(time.Second)+time.Second)+" of the hub's.")
}
