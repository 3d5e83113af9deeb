//go:build linux || darwin

package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

var update = flag.Bool("update", false, "write the stories anew")

// stories are transcripts in testdata. Each begins in its own world, and "! NAME" lets something happen in between.
var stories = map[string]func(*world){
	"enrolled.txt":     func(w *world) { w.enrolled().serve() },
	"json.txt":         func(w *world) { w.enrolled().serve() },
	"not-enrolled.txt": func(w *world) { w.stdin = code(keyshift.EnrollmentCode); w.serve() },
	"not-running.txt":  func(*world) {},
	"refusals.txt":     func(w *world) { w.enrolled().serve() },
	"trouble.txt":      func(w *world) { w.enrolled().holding().serve() },
	"reminders.txt":    func(w *world) { w.enrolled().reminded().serve() },
	"mistake.txt": func(w *world) {
		w.stdin = "I posted from the wrong account.\nIt is deleted.\n"
		w.enrolled().settled().holding().serve()
	},
	"relay.txt": func(w *world) { w.stdin = "123 456\n"; w.enrolled().holding().serve() },
	"browser.txt": func(w *world) {
		w.env["HOME"] = w.t.TempDir()
		w.enrolled().serve()
	},
	"desk.txt":    func(w *world) { w.enrolled().settled().serve() },
	"service.txt": func(*world) {},
	"usage.txt":   func(*world) {},
}

// events are what can happen in a story.
var events = map[string]func(*world){
	"the hub stays away": func(w *world) {
		w.Change(func(s *localapitest.State) {
			s.Status.Connected, s.Status.Trust = false, v1.Trust_TRUST_STALE
			s.Leases[0].OfflineEnd = timestamppb.New(now.Add(9 * 60e9))
			s.Fail = map[string]any{
				"Unenroll": keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub cannot be reached.", "Check the network."),
				"GetCode":  keyshift.Refuse(keyshift.CodeOffline, "There was no contact with the hub for too long.", "Check the network."),
			}
		})
	},
	"colleagues wait for codes": func(w *world) {
		w.Change(func(s *localapitest.State) {
			for _, id := range []string{"r1", "r2"} {
				s.Relays = append(s.Relays, &v1.RelayRequest{Id: id, Account: "x/acme", User: "Dana", Device: "laptop", ExpiresAt: timestamppb.New(now.Add(5 * 60e9))})
			}
		})
	},
	"a browser asks": func(w *world) {
		w.Change(func(s *localapitest.State) {
			s.Status.Browsers = []*v1.BrowserProfile{{
				Id: "b1", Browser: "firefox", BrowserVersion: "153.0", ExtensionVersion: "1.0.0", Mode: "container", Connected: true, Code: "123456",
			}}
		})
	},
	"the clock is wrong": func(w *world) {
		w.Change(func(s *localapitest.State) {
			s.Status.Trust = v1.Trust_TRUST_CLOCK_SUSPECT
			s.Fail = map[string]any{"Reveal": keyshift.Refuse(keyshift.CodeClockSuspect, "The clock of this computer looks wrong by 3h.", "Set the clock automatically.")}
		})
	},
	"the keyring is locked": func(w *world) { w.ring.FailWith(osring.ErrLocked) },
	"the agent meets a locked keyring": func(w *world) {
		w.Change(func(s *localapitest.State) {
			s.Fail = nil
			s.Status.Trust = v1.Trust_TRUST_OK
			s.Status.Problem = &v1.ErrorInfo{Code: "keyring_locked", Text: "Your keyring is locked.", Hint: "Unlock your keyring, then try again."}
			s.Findings[0] = &v1.Finding{Subject: "keyring", Text: "Your keyring is locked.", Mend: "Unlock your keyring, then try again.", Code: "keyring_locked"}
		})
	},
	"a wipe does not succeed": func(w *world) {
		w.Change(func(s *localapitest.State) {
			s.Leases[0].Ending, s.Leases[0].WipeFailure, s.Leases[0].TimeLeft = "wipe_failed", "the keyring refused", nil
			s.Leases[0].Lease.State = v1.LeaseState_LEASE_STATE_REVOKED
		})
	},
	"the keyring refuses to delete": func(w *world) {
		w.Change(func(s *localapitest.State) {
			for _, h := range s.Leases {
				h.Ending, h.WipeFailure, h.Lease.State = "", "", v1.LeaseState_LEASE_STATE_ACTIVE
			}
			s.Unwiped = "the keyring refused to delete the item"
		})
	},
	"the hub is out of reach": func(w *world) { w.Change(func(s *localapitest.State) { s.Away = true }) },
	"nothing is left to say": func(w *world) {
		w.Change(func(s *localapitest.State) { s.Reminders = &v1.LocalServiceListRemindersResponse{} })
	},
	"the agent ends": func(w *world) { w.stop() },
	"there is no service manager": func(w *world) {
		w.manager.broken = fmt.Errorf("make service: %w", service.ErrNoServiceSystem)
	},
	"the service manager fails": func(w *world) { w.manager.fail = fmt.Errorf("run systemctl: Unit is masked") },
	"everything is refused": func(w *world) {
		until := now.Add(23 * 60e9).UTC()
		inUse := keyshift.Refuse(keyshift.CodeAccountInUse, "@acme-home is with lee until "+until.Format("15:04")+".", "Try again then, or ask lee to check it in.").
			With("holder", "lee").With("until", until.Format("2006-01-02T15:04:05Z07:00"))
		w.Change(func(s *localapitest.State) {
			s.Fail = map[string]any{
				"CheckOut": inUse,
				"Renew":    keyshift.ErrLeaseOver,
				"Sync":     keyshift.Refuse(keyshift.CodeHubIdentityChanged, "The hub has another key than at the enrollment.", "Do not continue. Call IT."),
			}
		})
	},
}

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != len(stories) {
		t.Fatalf("%d files for %d stories, %v", len(files), len(stories), err)
	}
	for name, begin := range stories {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			begin(w)
			got := play(w, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("run go test -run Stories -update if this is right (-want +got):\n%s", diff)
			}
		})
	}
}

// play tells a story again: it keeps remarks, events and commands, and writes what the commands give now.
func play(w *world, story string) string {
	var got strings.Builder
	for line := range strings.Lines(story) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ "+Name)
		event, isEvent := strings.CutPrefix(line, "! ")
		switch {
		case isCommand:
			got.WriteString(line + "\n" + w.transcript(words(command)))
		case isEvent:
			events[event](w)
			got.WriteString(line + "\n\n")
		case strings.HasPrefix(line, "#"):
			got.WriteString(line + "\n")
		}
	}
	return got.String()
}

// transcript is what a terminal shows, errors marked, and the exit code if it is not 0.
func (w *world) transcript(args []string) string {
	r := w.run(args...)
	text := r.out
	for line := range strings.Lines(r.err) {
		text += "2> " + line
	}
	if r.exit != 0 {
		text += fmt.Sprintf("[exit %d]\n", r.exit)
	}
	runtime := filepath.Dir(filepath.Dir(w.socket))
	return strings.NewReplacer(w.socket, "SOCKET", runtime, "RUNTIME", w.state, "STATE").Replace(text) + "\n"
}

// words splits a command at spaces outside of quotation marks.
func words(s string) (list []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}
