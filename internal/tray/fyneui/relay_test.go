package fyneui

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// officeThatIsAsked is an office whose user somebody asks for a code.
func officeThatIsAsked() *agent {
	a := office()
	a.relays = []*v1.RelayRequest{{Id: "r7", Account: "instagram/acme.studio", User: "lee", Device: "laptop", ExpiresAt: timestamppb.New(noon.Add(4*time.Minute + 12*time.Second))}}
	return a
}

func TestACodeIsPassedOn(t *testing.T) {
	w := newWorld(t, officeThatIsAsked(), tray.Settings{})
	w.see(tray.WindowRelay, "r7")
	w.mustRead("Pass a code on", "@acme.studio", "lee is signing in on “laptop”")
	p := w.page.(*relayPage)
	p.code.SetText("12 3")
	w.press("Pass it on")
	w.mustRead("A code has 4 to 10 letters and digits.")
	w.agent.fail = map[string]error{"AnswerRelay": refusal(keyshift.CodeHubUnreachable)}
	p.code.SetText("123-456")
	w.press("Pass it on")
	w.mustRead("The hub cannot be reached.")
	if p.code.Text != "123-456" {
		t.Errorf("after a failure the field has %q", p.code.Text)
	}
	w.agent.fail = nil
	w.press("Try again")
	w.mustRead("Passed on", "lee can go on.")
	if p.code.Text != "" {
		t.Errorf("the field still has %q", p.code.Text)
	}
	if want := []string{"AnswerRelay r7 123456", "AnswerRelay r7 123456"}; !slices.Equal(w.agent.called, want) {
		t.Errorf("the agent was asked %q, want %q", w.agent.called, want)
	}
}

// TestWhoNamesNoLeaseMeansTheOnlyOne, also when the leases become known later; where there are several, or none, home shows them.
func TestWhoNamesNoLeaseMeansTheOnlyOne(t *testing.T) {
	one, several := office(), office()
	one.status.Leases = one.status.Leases[:1]
	for _, tt := range []struct {
		agent        *agent
		window, want string
	}{
		{one, tray.WindowRenew, "How much longer, from now?"}, {one, tray.WindowCode, "482 913"}, {one, tray.WindowCheckOut, "Your accounts"},
		{several, tray.WindowRenew, "Your accounts"}, {stranger(), tray.WindowCode, "Welcome to Keyshift"},
	} {
		w := newWorld(t, tt.agent, tray.Settings{})
		for range 2 { // cold, and warm
			w.see(tt.window)
			w.mustRead(tt.want)
		}
	}
}

func TestACodeThatNobodyWaitsForIsNotTyped(t *testing.T) {
	w := newWorld(t, officeThatIsAsked(), tray.Settings{})
	w.see(tray.WindowRelay, "r7")
	w.page.(*relayPage).code.SetText("123456")
	w.wait(5 * time.Minute)
	w.mustRead("Nobody waits for a code")
	later := w.picture
	later.Relays = []*v1.RelayRequest{{Id: "r7", Account: "x/acme", User: "kim", ExpiresAt: timestamppb.New(w.now.Add(time.Minute))}}
	w.take(later)
	w.mustRead("kim is signing in")
	w.wait(2 * time.Minute)
	w.mustRead("Nobody waits for a code")
	if p := w.page.(*relayPage); p.code.Text != "" || p.foot.Visible() {
		t.Error("what was typed is still there")
	}
}
