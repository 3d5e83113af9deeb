//go:build linux || darwin

package cli

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// longTime is far more than any local exchange needs: it turns a hang into a failure.
const longTime = 20 * time.Second

// now is an afternoon one hour east of Greenwich.
var now = time.Date(2026, 11, 22, 14, 7, 0, 0, time.FixedZone("CET", 3600))

// world is one computer with an agent that is played, and everything else that a program can touch.
type world struct {
	*localapitest.Fake
	t        *testing.T
	socket   string
	state    string
	stop     func() // ends the agent
	ring     *osringtest.Fake
	manager  *manager
	console  cliout.Console
	stdin    string
	env      map[string]string
	screen   bool
	requests int
	newAgent func(AgentConfig) (Agent, error)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		Fake: localapitest.NewFake(), t: t, socket: localapitest.Socket(t), ring: osringtest.NewFake(), manager: &manager{},
		env: map[string]string{},
	}
	w.state = filepath.Join(t.TempDir(), "state", "keyshift")
	w.Change(func(s *localapitest.State) {
		s.Status.Version = "1.2.3"
		s.Now = now
	})
	return w
}

// serve starts the played agent.
func (w *world) serve() *world {
	w.t.Helper()
	w.stop = localapitest.ServeAt(w.t, w.socket, w, nil, func() { go w.stop() })
	return w
}

// result is what a person or a script gets to see.
type result struct {
	out, err string
	exit     api.Exit
}

func (w *world) program(out, err io.Writer, args ...string) *Program {
	if len(args) > 0 {
		args = append([]string{"--socket", w.socket, "--state-dir", w.state}, args...)
	}
	return &Program{
		Args: args, Env: func(name string) string { return w.env[name] },
		Stdin: strings.NewReader(w.stdin), Stdout: out, Stderr: err, Console: w.console, Screen: w.screen, Now: func() time.Time { return now },
		Executable: "/usr/bin/keyshift-agent", PID: 4711,
		Version: func() cliout.Version {
			return cliout.Version{Version: "1.2.3", Commit: "0a1b2c3", Go: "go1.26", OS: "linux", Arch: "amd64"}
		},
		NewAgent: w.newAgent,
		NewService: func(program string, o service.Options) (service.Manager, error) {
			w.manager.program, w.manager.options = program, o
			return w.manager, w.manager.broken
		},
		Keyring: w.ring, Harden: func() error { return nil },
		RequestID: func() string {
			w.requests++
			return fmt.Sprintf("r%d", w.requests)
		},
		RetryPause: time.Millisecond,
	}
}

// run is one command to its end.
func (w *world) run(args ...string) result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), longTime)
	defer cancel()
	return w.runUntil(ctx, args...)
}

func (w *world) runUntil(ctx context.Context, args ...string) result {
	var out, err bytes.Buffer
	exit := w.program(&out, &err, args...).Run(ctx)
	return result{out.String(), err.String(), exit}
}

func (r result) want(t *testing.T, exit api.Exit, texts ...string) {
	t.Helper()
	if r.exit != exit {
		t.Errorf("exit %d, want %d; out %q, err %q", r.exit, exit, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("%q is not in out %q, err %q", text, r.out, r.err)
		}
	}
}

// manager plays the service manager.
type manager struct {
	program string
	options service.Options
	status  service.Status
	fail    error // of every change
	broken  error // of making it
	done    []string
}

func (m *manager) change(what string, state service.State) error {
	m.done = append(m.done, what)
	if m.fail == nil {
		m.status = service.Status{State: state, AtLogin: state != service.NotInstalled}
	}
	return m.fail
}

func (m *manager) Install(context.Context) error { return m.change("install", service.Stopped) }
func (m *manager) Uninstall(context.Context) error {
	return m.change("uninstall", service.NotInstalled)
}
func (m *manager) Start(context.Context) error { return m.change("start", service.Running) }
func (m *manager) Stop(context.Context) error  { return m.change("stop", service.Stopped) }
func (m *manager) Status(context.Context) (service.Status, error) {
	return m.status, nil
}

// answers is a person who answers questions in this order and then does not any more.
type answers struct {
	mu      sync.Mutex
	lines   []string
	asked   []string
	secrets []string
	silent  func() // called when no answer is left
}

func (a *answers) Ask(ctx context.Context, prompt string) (string, error) {
	a.mu.Lock()
	a.asked = append(a.asked, prompt)
	if len(a.lines) > 0 {
		defer a.mu.Unlock()
		line := a.lines[0]
		a.lines = a.lines[1:]
		return line, nil
	}
	a.mu.Unlock()
	a.silent()
	<-ctx.Done()
	return "", ctx.Err()
}

func (a *answers) AskSecret(ctx context.Context, prompt string) (string, error) {
	a.mu.Lock()
	a.secrets = append(a.secrets, prompt)
	a.mu.Unlock()
	return a.Ask(ctx, prompt)
}

func code(kind keyshift.CodeKind) string {
	return keyshift.Invitation{
		Kind: kind, HubURL: "https://hub.acme.example", HubKey: ed25519.PublicKey(bytes.Repeat([]byte{7}, ed25519.PublicKeySize)),
		Secret: bytes.Repeat([]byte{1}, keyshift.CodeSecretSize),
	}.Encode()
}

// enrolled makes the agent one of dana, with accounts to lend.
func (w *world) enrolled() *world {
	w.Change(func(s *localapitest.State) {
		s.Status = &v1.LocalServiceGetStatusResponse{
			Enrolled: true, HubUrl: "https://hub.acme.example", HubName: "Acme Inc", HubId: "h1", User: "dana", DeviceId: "d1", DeviceName: "desk-3",
			Connected: true, LastContact: timestamppb.New(now.Add(-10 * time.Second)), Trust: v1.Trust_TRUST_OK, Version: "1.2.3", WitnessedSize: 12,
		}
		s.Accounts = []*v1.Lendable{
			{
				AccountId: "a1", Network: v1.Network_NETWORK_X, Handle: "acme", AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET, Exclusive: true,
				MaxDuration: durationpb.New(4 * time.Hour), LeaseStorage: v1.LeaseStorage_LEASE_STORAGE_KEYRING, AllowShow: true, HasCodeSeed: true,
			},
			{
				AccountId: "a2", Network: v1.Network_NETWORK_INSTAGRAM, Handle: "acme_cafe", AccessMode: v1.AccessMode_ACCESS_MODE_DELEGATED,
				MaxDuration: durationpb.New(30 * time.Minute),
			},
			{
				AccountId: "a3", Network: v1.Network_NETWORK_PINTEREST, Handle: "acme-home", AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET, Exclusive: true,
				MaxDuration: durationpb.New(4 * time.Hour), Holder: "lee", HeldUntil: timestamppb.New(now.Add(23 * time.Minute)),
				Missing: []*v1.ErrorInfo{{Code: "account_in_use", Text: "@acme-home is with lee until 13:30."}},
			},
			{
				AccountId: "a4", Network: v1.Network_NETWORK_X, Handle: "acme_jobs", AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET,
				MaxDuration: durationpb.New(90 * time.Minute), Missing: []*v1.ErrorInfo{{Code: "credential_missing", Text: "No credential is stored for @acme_jobs yet."}},
			},
		}
		s.Credential = keyshift.Credential{Login: "acme@example.com", Password: keyshift.NewSecret("correct horse")}
		s.Code, s.CodeUntil, s.HubTold = "493027", now.Add(23*time.Second), true
		s.Findings = []*v1.Finding{
			{Subject: "keyring", Ok: true, Text: "It stores, reads and deletes."},
			{Subject: "hub", Ok: true, Text: "https://hub.acme.example answers, and it is the hub of the enrollment."},
			{Subject: "clock", Ok: true, Text: "It agrees with the hub's."},
		}
	})
	return w
}

// holding gives dana a live lease on the first account.
func (w *world) holding() *world {
	w.Change(func(s *localapitest.State) {
		s.Leases = []*v1.HeldLease{{
			Lease: &v1.Lease{
				Id: "l1", AccountId: "a1", Network: v1.Network_NETWORK_X, Handle: "acme", User: "dana", DeviceId: "d1", Device: "desk-3", Reason: "product launch",
				State: v1.LeaseState_LEASE_STATE_ACTIVE, Epoch: 2, StartedAt: timestamppb.New(now.Add(-37 * time.Minute)), EndsAt: timestamppb.New(now.Add(23 * time.Minute)),
				AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET, AllowShow: true, HasCodeSeed: true, Exclusive: true,
			},
			TimeLeft: durationpb.New(23 * time.Minute),
		}}
	})
	return w
}

// reminded has something behind and something before it.
func (w *world) reminded() *world {
	w.Change(func(s *localapitest.State) {
		s.Reminders = &v1.LocalServiceListRemindersResponse{
			Shown: []*v1.LocalReminder{{Id: "3", Kind: "terms", Text: "terms_x", Also: "personal_1", Accounts: []string{"@acme"}, Due: timestamppb.New(now.Add(-37 * time.Minute))}},
			Waiting: []*v1.LocalReminder{
				{Id: "5", Kind: "ends_soon", Text: "ends_soon_early", Accounts: []string{"@acme", "@acme-home"}, Due: timestamppb.New(now), Held: "user"},
				{Id: "4", Kind: "lesson", Text: "lesson_x_1", Due: timestamppb.New(now.Add(-time.Minute)), Held: "pause"},
			},
			PausedUntil: timestamppb.New(now.Add(time.Hour)), MayPauseToday: true,
		}
	})
	return w
}

// settled has told the hub something, and chosen nothing yet.
func (w *world) settled() *world {
	w.Change(func(s *localapitest.State) {
		s.Settings = &v1.LocalSettings{}
		s.Texts = []*v1.LocalText{
			{
				Id: "terms_x", Kind: "terms", Network: v1.Network_NETWORK_X, Title: "X Terms of Service", Url: "https://x.com/tos", Version: "2026-08-22",
				Lines: []string{"terms_line_x_1", "terms_line_x_2", "terms_line_x_3"}, ConcernsUser: true,
			},
			{
				Id: "terms_pinterest", Kind: "terms", Network: v1.Network_NETWORK_PINTEREST, Title: "Pinterest Terms of Service", Url: "https://policy.pinterest.com/en/terms-of-service", Version: "2026-08-22",
				Lines: []string{"terms_line_pinterest_1", "terms_line_pinterest_2", "terms_line_pinterest_3"},
			},
		}
		s.Sent = &v1.LocalServiceListSentResponse{
			Since: timestamppb.New(now.Add(-48 * time.Hour)),
			Sent: []*v1.Sent{
				{Text: "sent_wiped", Account: "@acme", Count: 2, First: timestamppb.New(now.Add(-26 * time.Hour)), Last: timestamppb.New(now)},
				{Text: "sent_sync", Count: 1204, First: timestamppb.New(now.Add(-48 * time.Hour)), Last: timestamppb.New(now.Add(-time.Minute))},
			},
		}
	})
	return w
}
