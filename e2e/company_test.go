package e2e

import (
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// owner is whose desktop the hub runs on, and who is its first owner.
const owner = "alice"

// cmdCompany sets up what most stories begin with, and which main-job.txtar shows step by step: Alice's hub, the
// exclusive account x/acme that is lent to Dana, and Dana's computer, enrolled. It ends at Dana's desktop, or at Alice's
// if Dana is to have no computer.
func cmdCompany(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "company [gnome|mock|nobody] [FLAGS of hub-start]")
	w, kind := worldOf(ts), "gnome"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		kind, args = args[0], args[1:]
	}
	cmdDesktop(ts, false, []string{owner})
	cmdHubStart(ts, false, args)
	w.alice(ts, ts.Getenv("CODE")+"\n", "login", "--name", owner)
	w.alice(ts, "", "users", "add", "dana", "--full-name", "Dana")
	w.alice(ts, "", "accounts", "add", "x/acme", "--mode", "shared_secret", "--max-duration", "2h", "--allow-show")
	w.alice(ts, "acme@example.com\n"+ts.Getenv("PASSWORD")+"\n"+ts.Getenv("SEED")+"\n", "credential", "set", "x/acme")
	w.alice(ts, "", "grants", "add", "x/acme", "--user", "dana")
	if kind == "nobody" {
		return
	}
	cmdDesktop(ts, false, []string{"dana", kind})
	cmdAgentStart(ts, false, nil)
	cmdEnroll(ts, false, []string{"dana"})
}

// cmdEnroll enrolls the computer at hand with a code that Alice makes for somebody.
func cmdEnroll(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && (len(args) == 1 || len(args) == 2), "enroll USER [URL]")
	w := worldOf(ts)
	var made struct{ Code string }
	ts.Check(json.Unmarshal([]byte(w.alice(ts, "", "codes", "enroll", args[0], "--json")), &made))
	if len(args) == 2 {
		made.Code = codeFor(ts, made.Code, args[1])
	}
	d := w.here(ts)
	r := d.run(ts, made.Code+"\n", "keyshift-agent", "enroll", "--yes", "--device-name", d.name+"-desk")
	if r.exit != 0 {
		ts.Fatalf("enroll: %s", r.all())
	}
}

// codeFor is a code for the same hub at another address.
func codeFor(ts *testscript.TestScript, code, url string) string {
	i, err := keyshift.ParseInvitation(code)
	ts.Check(err)
	i.HubURL = url
	return i.Encode()
}

// alice runs a command of the hub at Alice's desktop. It has to succeed.
func (w *world) alice(ts *testscript.TestScript, typed string, args ...string) (out string) {
	r := w.desktops[owner].run(ts, typed, "keyshift-hub", args...)
	if r.exit != 0 {
		ts.Fatalf("keyshift-hub %q: %s", args, r.all())
	}
	return r.out
}

// cmdGuess makes a code like another one that nobody has given out.
func cmdGuess(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 2, "guess NAME CODE")
	code, err := keyshift.ParseInvitation(args[1])
	ts.Check(err)
	code.Secret = []byte(rand.Text()[:keyshift.CodeSecretSize])
	ts.Setenv(args[0], code.Encode())
}
