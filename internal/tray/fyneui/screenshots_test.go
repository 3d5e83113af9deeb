package fyneui

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// scene is a window as somebody meets it.
type scene struct {
	name string
	// agent is whose agent it is; nil is that of the office.
	agent func() *agent
	show  func(*world)
}

func seeing(window string, argument ...string) func(*world) {
	return func(w *world) { w.see(window, argument...) }
}

var scenes = []scene{
	{name: "home", show: seeing(tray.WindowHome)},
	{name: "check-out", show: seeing(tray.WindowCheckOut, "a-acme_de")},
	{name: "check-out-refused", show: seeing(tray.WindowCheckOut, "a-acme.events")},
	{name: "renew", show: seeing(tray.WindowRenew, "l1")},
	{name: "renew-soon", show: seeing(tray.WindowRenew, "l2")},
	{name: "code", show: seeing(tray.WindowCode, "l1")},
	{name: "enroll", agent: stranger, show: seeing(tray.WindowEnroll)},
	{name: "enroll-check", agent: stranger, show: func(w *world) {
		w.see(tray.WindowEnroll)
		w.page.(*enrollPage).next()
		w.settle()
	}},
	{name: "reminders", show: seeing(tray.WindowReminder)},
	{name: "terms", show: seeing(tray.WindowTerms)},
	{name: "mistake", show: seeing(tray.WindowMistake)},
	{name: "sent", show: seeing(tray.WindowSent)},
	{name: "settings", show: seeing(tray.WindowSettings)},
	{name: "browsers", show: seeing(tray.WindowBrowsers), agent: officeWithBrowsers},
	{name: "relay", show: seeing(tray.WindowRelay), agent: officeThatIsAsked},
	{name: "diagnostics", show: seeing(tray.WindowDiagnostics)},
	{name: "home-not-enrolled", agent: stranger, show: seeing(tray.WindowHome)},
	{name: "home-offline", agent: func() *agent { a := office(); a.status.Connected = false; return a }, show: seeing(tray.WindowHome)},
	{name: "home-nothing", agent: func() *agent { a := office(); a.status.Leases, a.accounts = nil, nil; return a }, show: seeing(tray.WindowHome)},
	{name: "home-agent-away", agent: func() *agent { return &agent{away: refusal("agent_not_running")} }, show: seeing(tray.WindowHome)},
}

// stranger is an agent that is not enrolled.
func stranger() *agent {
	a := office()
	a.status.Enrolled, a.status.Leases = false, nil
	return a
}

// folder is where screenshots go; git ignores it.
const folder = "../../../build/screenshots"

func TestScreenshots(t *testing.T) {
	for _, theme := range []tray.Theme{tray.ThemeLight, tray.ThemeDark} {
		for _, language := range append(i18n.Languages(), i18n.Pseudo) {
			for _, s := range scenes {
				t.Run(fmt.Sprintf("%s-%s-%s", s.name, theme, language), func(t *testing.T) {
					shoot(t, s, tray.Settings{Theme: theme, Language: language}, fyne.NewSize(460, 640))
				})
			}
		}
	}
}

// shoot takes the picture of a scene.
func shoot(t *testing.T, s scene, wishes tray.Settings, size fyne.Size) {
	a := office()
	if s.agent != nil {
		a = s.agent()
	}
	w := newWorld(t, a, wishes)
	s.show(w)
	w.window.Resize(size)
	w.window.Canvas().Unfocus()
	keep(t, filepath.Base(t.Name()), w.window.Canvas().Capture())
}

func keep(t *testing.T, name string, picture image.Image) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(f, picture); err != nil {
		t.Fatal(err)
	}
}
