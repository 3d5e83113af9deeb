package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// companion is a browser profile with an extension that is played, behind the native host that a browser would start.
type companion struct {
	*systest.Extension
	cmd *exec.Cmd
	in  io.Closer
}

const chromiumOrigin = "chrome-extension://" + extensionid.Chromium + "/"

// cmdCompanion is what a browser profile does: start and stop it, pair it, let it fill in a field, and clean up.
func cmdCompanion(ts *testscript.TestScript, neg bool, args []string) {
	verbs := map[string]func(*testscript.TestScript, *desktop, []string) error{
		"start": companionStart, "stop": companionStop, "pair": companionPair, "fill": companionFill, "leases": companionLeases, "clean": companionClean,
		"abuse": companionAbuse,
	}
	mustBe(ts, len(args) > 0 && verbs[args[0]] != nil, "companion start|stop|pair|fill FIELD ORIGIN|leases N ENDED|clean|abuse")
	err := verbs[args[0]](ts, worldOf(ts).here(ts), args[1:])
	if err != nil {
		fmt.Fprintln(ts.Stdout(), systest.Code(err))
	}
	if (err != nil) != neg {
		ts.Fatalf("companion %s: %v", args[0], err)
	}
}

// pipes are both ends of a process.
type pipes struct {
	io.Reader
	io.Writer
}

// companionStart starts the native host as a browser would. A profile keeps its key when the browser is started again.
func companionStart(ts *testscript.TestScript, d *desktop, _ []string) error {
	cmd := exec.Command(programPath("keyshift-agent"), chromiumOrigin)
	cmd.Env = d.env()
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	w := worldOf(ts)
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	before := d.companion
	d.companion = &companion{cmd: cmd, in: in}
	if before == nil {
		d.companion.Extension = systest.NewExtension(w.t, pipes{out, in}, nil)
	} else {
		d.companion.Extension = systest.NewExtension(w.t, pipes{out, in}, before.Key)
	}
	fmt.Fprintf(ts.Stdout(), "paired: %v\n", d.companion.Hello(native.ModeSameProfile).Paired)
	return nil
}

// companionStop kills the browser, and with it the native host.
func companionStop(ts *testscript.TestScript, d *desktop, _ []string) error {
	ts.Check(d.companion.in.Close())
	return d.companion.cmd.Wait()
}

// companionPair is a user who compares the digits and says yes.
func companionPair(ts *testscript.TestScript, d *desktop, _ []string) error {
	var code native.PairCode
	if err := d.companion.Ask(native.TypePairBegin, native.Empty{}, &code); err != nil {
		return err
	}
	if r := d.run(ts, "", "keyshift-agent", "browser", "pair", code.Code, "--yes"); r.exit != 0 {
		ts.Fatalf("pair: %s", r.all())
	}
	await(ts, "the profile hears that it is paired", func() (bool, string) { return len(d.companion.Events(native.TypePairDone)) > 0, "" })
	return nil
}

// companionFill prints the value that it got.
func companionFill(ts *testscript.TestScript, d *desktop, args []string) error {
	mustBe(ts, len(args) == 2, "companion fill FIELD ORIGIN")
	leases := d.companion.State().Leases
	if len(leases) != 1 {
		ts.Fatalf("the profile knows of %d leases", len(leases))
	}
	got, err := d.companion.Fill(leases[0].ID, native.Field(args[0]), args[1])
	if err == nil {
		fmt.Fprintln(ts.Stdout(), got.Value)
	}
	return err
}

// companionLeases waits until the profile knows of so many live leases, and of so many that it has to clean up after.
func companionLeases(ts *testscript.TestScript, d *desktop, args []string) error {
	mustBe(ts, len(args) == 2, "companion leases N ENDED")
	await(ts, "the profile knows of the leases", func() (bool, string) {
		s := d.companion.State()
		got := fmt.Sprint(len(s.Leases), " ", len(s.Ended))
		return got == strings.Join(args, " "), got
	})
	return nil
}

func companionClean(_ *testscript.TestScript, d *desktop, _ []string) error {
	for _, e := range d.companion.State().Ended {
		err := d.companion.Ask(native.TypeCleanupDone, native.CleanupDone{LeaseID: e.ID, Cookies: 4, Origins: 2, SignOut: native.SignOutDone, MS: 90}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// What the native host may take for each abuse: a second is promised; a machine that does much else at the same time is
// given five.
const (
	abuseLimit  = 5 * time.Second
	abuseMemory = 64 << 10 // KiB
)

// abuse is one thing that somebody does to the native host (A14).
type abuse struct {
	name   string
	args   []string
	in     []byte
	want   native.Code // the error that is answered; "" is none
	silent bool        // not a byte is answered
}

func framed(length uint32, message string) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, length), message...)
}

func whole(message string) []byte { return framed(uint32(len(message)), message) } //nolint:gosec // short

func abuses(hello []byte) []abuse {
	ours, within := []string{chromiumOrigin}, native.MaxFrame/2-100
	return []abuse{
		{"another extension", []string{"chrome-extension://abcdefghijklmnopabcdefghijklmnop/"}, hello, "", true},
		{"another add-on", []string{"/usr/lib/mozilla/native-messaging-hosts/com.keyshift.agent.json", "other@stranger.example"}, hello, "", true},
		{"the id of the other family", []string{"chrome-extension://" + extensionid.Firefox + "/"}, hello, "", true},
		{"unpaired", ours, append(bytes.Clone(hello), whole(`{"v":1,"id":2,"type":"state.get"}`)...), native.CodeNotPaired, false},
		{"unpaired, for a password", ours, append(bytes.Clone(hello), whole(`{"v":1,"id":2,"type":"fill.get"}`)...), native.CodeNotPaired, false},
		{"no hello", ours, whole(`{"v":1,"id":2,"type":"state.get"}`), native.CodeBadMessage, false},
		{"length 0", ours, framed(0, ""), "", true},
		{"length 1", ours, framed(1, "{"), native.CodeBadMessage, false},
		{"the largest length", ours, framed(math.MaxUint32, "{}"), "", true},
		{"truncated", ours, framed(100, "{}"), "", true},
		{"half a length", ours, []byte{1, 0}, "", true},
		{"100,000 deep", ours, whole(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "", true},
		{"as deep as fits", ours, whole(strings.Repeat("[", within) + strings.Repeat("]", within)), native.CodeBadMessage, false},
		{"as deep as fits, in a body", ours, whole(`{"v":1,"id":1,"type":"hello","body":` + strings.Repeat("[", within) + strings.Repeat("]", within) + "}"), native.CodeBadMessage, false},
		{"not UTF-8", ours, whole("{\"v\":1,\"type\":\"\xff\"}"), native.CodeBadMessage, false},
		{"another version", ours, whole(`{"v":9,"id":1,"type":"hello"}`), native.CodeVersionUnsupported, false},
	}
}

// companionAbuse tries them all, beside an agent that has something to lose.
func companionAbuse(ts *testscript.TestScript, d *desktop, args []string) error {
	mustBe(ts, len(args) == 1, "companion abuse PASSWORD")
	hello, err := native.Encode(1, native.TypeHello, native.Hello{
		ExtensionVersion: "1", Browser: native.Chromium, BrowserVersion: "1", Mode: native.ModeWork, Nonce: "AAAA", ProfileKey: somebodysKey,
	})
	ts.Check(err)
	for _, a := range abuses(whole(string(hello))) {
		r := d.abuse(ts, a)
		fmt.Fprintf(ts.Stdout(), "%s: %v, %d KiB\n", a.name, r.took.Round(time.Millisecond), r.memory)
		switch {
		case r.took > abuseLimit, r.memory > abuseMemory:
			ts.Fatalf("%s: it took %v and %d KiB", a.name, r.took, r.memory)
		case strings.Contains(r.out, args[0]):
			ts.Fatalf("%s: the answer has the password", a.name)
		case a.silent && r.out != "":
			ts.Fatalf("%s: it was answered with %q", a.name, r.out)
		case r.code != a.want:
			ts.Fatalf("%s: it was refused with %q, want %q", a.name, r.code, a.want)
		case r.err != "":
			ts.Fatalf("%s: standard error has %q", a.name, r.err)
		}
	}
	return nil
}

// somebodysKey is a point on P-256: its base point (SEC 2, 2.4.2).
const somebodysKey = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"

// heard keeps what a process says while it runs.
type heard struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.String()
}

type abused struct {
	took     time.Duration
	memory   int64
	out, err string
	code     native.Code // of the last answer, if it was an error
}

// abuse gives the native host its input, and takes what it says until it ends.
func (d *desktop) abuse(ts *testscript.TestScript, a abuse) (r abused) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*abuseLimit)
	defer cancel()
	weight := filepath.Join(ts.Getenv("WORK"), "weight")
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "weighed"), append([]string{weight, programPath("keyshift-agent")}, a.args...)...)
	var out, errOut heard
	cmd.Env, cmd.Stdout, cmd.Stderr = d.env(), &out, &errOut
	// The browser stays, so only what it sent can end the native host, unless an answer is waited for.
	in, err := cmd.StdinPipe()
	ts.Check(err)
	begin := time.Now()
	ts.Check(cmd.Start())
	_, _ = in.Write(a.in) // it may have ended already
	if a.want != "" || a.name == "truncated" || a.name == "half a length" {
		await(ts, a.name+" is answered", func() (bool, string) {
			return a.want == "" || strings.Contains(out.String(), string(a.want)), out.String()
		})
		r.took = time.Since(begin)
		ts.Check(in.Close())
	}
	if err := cmd.Wait(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			ts.Fatalf("%s: %v", a.name, err)
		}
	}
	if r.took == 0 {
		r.took = time.Since(begin)
	}
	kib, err := os.ReadFile(weight)
	ts.Check(err)
	r.memory, err = strconv.ParseInt(string(kib), 10, 64)
	ts.Check(err)
	ts.Check(os.Remove(weight))
	r.out, r.err, r.code = out.String(), errOut.String(), lastError([]byte(out.String()))
	return r
}

func lastError(out []byte) (code native.Code) {
	for r := bytes.NewReader(out); ; {
		raw, err := native.ReadFrame(r, nil)
		var e native.Envelope
		if err != nil || json.Unmarshal(raw, &e) != nil {
			return code
		}
		var refused native.Error
		if code = ""; e.Type == native.TypeError && native.Decode(e.Body, &refused) == nil {
			code = refused.Code
		}
	}
}

func TestNativeHostWithoutAnAgent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*abuseLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, programPath("keyshift-agent"), chromiumOrigin)
	cmd.Env = []string{"XDG_RUNTIME_DIR=" + t.TempDir(), "HOME=" + t.TempDir()}
	cmd.Stdin = bytes.NewReader(whole(`{"v":1,"id":7,"type":"hello"}`))
	out, err := cmd.Output()
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		t.Errorf("got %v, want an exit code", err)
	}
	if got := lastError(out); got != native.CodeAgentDown {
		t.Errorf("answered %q, want %s", out, native.CodeAgentDown)
	}
}
