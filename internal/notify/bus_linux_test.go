package notify

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// patience bounds what takes no time.
const patience = 20 * time.Second

// screen is a notification server of a test.
type screen struct {
	bus *dbus.Conn
	can []string

	mu     sync.Mutex
	shown  []notification
	closed []uint32
}

type notification struct {
	App, Icon, Title, Body string
	Replaces               uint32
	Actions                []string
	Urgency                byte
	Sound                  string
}

func (s *screen) GetCapabilities() ([]string, *dbus.Error) { return s.can, nil }

func (s *screen) Notify(app string, replaces uint32, icon, title, text string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	urgency, _ := hints["urgency"].Value().(byte)
	sound, _ := hints["sound-name"].Value().(string)
	if hints["suppress-sound"].Value() == true {
		sound = "none"
	}
	s.shown = append(s.shown, notification{app, icon, title, text, replaces, actions, urgency, sound})
	if replaces != 0 {
		return replaces, nil
	}
	return uint32(len(s.shown)), nil
}

func (s *screen) last(t *testing.T) notification {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shown) == 0 {
		t.Fatal("nothing was shown")
	}
	return s.shown[len(s.shown)-1]
}

func connect(t *testing.T, session *osringtest.Session) *dbus.Conn {
	t.Helper()
	bus, err := dbus.Connect(session.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	return bus
}

// startScreen owns the name of the notification server.
func startScreen(t *testing.T, session *osringtest.Session, can ...string) *screen {
	t.Helper()
	s := &screen{bus: connect(t, session), can: can}
	if err := s.bus.Export(s, object, server); err != nil {
		t.Fatal(err)
	}
	reply, err := s.bus.RequestName(server, dbus.NameFlagReplaceExisting|dbus.NameFlagAllowReplacement)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name was not given: %v, %v", reply, err)
	}
	return s
}

type pressed struct{ id, key string }

func openNotifier(t *testing.T, session *osringtest.Session) (*Notifier, <-chan pressed) {
	t.Helper()
	answers := make(chan pressed, 8)
	n, err := open(t.Context(), connect(t, session), Options{App: "Keyshift", DesktopEntry: "keyshift", Pressed: func(id, key string) { answers <- pressed{id, key} }})
	if err != nil {
		t.Fatal(err)
	}
	return n, answers
}

func show(t *testing.T, n *Notifier, notice Notice) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Show(ctx, notice); err != nil {
		t.Fatal(err)
	}
}

func wantPressed(t *testing.T, answers <-chan pressed, want pressed) {
	t.Helper()
	select {
	case got := <-answers:
		if got != want {
			t.Errorf("pressed %+v, want %+v", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("nothing was pressed, want %+v", want)
	}
}

var almostOver = Notice{
	ID: "7", Title: "Almost over", Body: "@acme: 2 minutes <left> & counting", Urgent: true, Sound: true,
	Buttons: []Button{{"renew", "Renew"}, {"check-in", "Check in"}},
}

func TestWhatIsShown(t *testing.T) {
	session := osringtest.StartSession(t)
	buttons := []string{"renew", "Renew", "check-in", "Check in"}
	for _, tt := range []struct {
		name string
		can  []string
		want notification
	}{
		{"plain server", nil, notification{"Keyshift", "keyshift", "Almost over", "@acme: 2 minutes <left> & counting", 0, []string{}, 2, "message-new-instant"}},
		{"buttons", []string{"actions"}, notification{"Keyshift", "keyshift", "Almost over", "@acme: 2 minutes <left> & counting", 0, buttons, 2, "message-new-instant"}},
		{"markup", []string{"body-markup"}, notification{"Keyshift", "keyshift", "Almost over", "@acme: 2 minutes &lt;left&gt; &amp; counting", 0, []string{}, 2, "message-new-instant"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startScreen(t, session, tt.can...)
			n, _ := openNotifier(t, session)
			show(t, n, almostOver)
			if diff := cmp.Diff(tt.want, s.last(t)); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLaterNoticeTakesThePlaceOfTheEarlier(t *testing.T) {
	session := osringtest.StartSession(t)
	s := startScreen(t, session)
	n, _ := openNotifier(t, session)
	show(t, n, almostOver)
	show(t, n, almostOver)
	if got := s.last(t).Replaces; got != 1 {
		t.Errorf("the second replaces %d, want the first", got)
	}
}

func (s *screen) CloseNotification(number uint32) *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = append(s.closed, number)
	return nil
}

func TestANoticeIsTakenBack(t *testing.T) {
	session := osringtest.StartSession(t)
	s := startScreen(t, session)
	n, _ := openNotifier(t, session)
	show(t, n, almostOver)
	for _, id := range []string{"7", "7", "another"} { // the second time it is gone already
		if err := n.Close(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff([]uint32{1}, s.closed); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestNoticesAreSilentUnlessTheyAreAskedNotTo(t *testing.T) {
	session := osringtest.StartSession(t)
	s := startScreen(t, session)
	n, _ := openNotifier(t, session)
	show(t, n, Notice{ID: "1", Title: "Signed out"})
	if got := s.last(t); got.Sound != "none" || got.Urgency != 1 {
		t.Errorf("shown: %+v", got)
	}
}

func TestAnotherServerCountsAnew(t *testing.T) {
	session := osringtest.StartSession(t)
	startScreen(t, session)
	n, _ := openNotifier(t, session)
	show(t, n, almostOver)
	second := startScreen(t, session)
	show(t, n, almostOver)
	if got := second.last(t).Replaces; got != 0 {
		t.Errorf("the notice replaces %d of a server that never showed one", got)
	}
}

func TestOnlyTheServerIsBelieved(t *testing.T) {
	session := osringtest.StartSession(t)
	s := startScreen(t, session, "actions")
	n, answers := openNotifier(t, session)
	show(t, n, almostOver)
	press(t, connect(t, session), n, "check-in")
	press(t, s.bus, n, "renew")
	wantPressed(t, answers, pressed{"7", "renew"})
}

// press says that a button of the first notice was pressed, to the notifier alone, and waits until the bus has it.
func press(t *testing.T, from *dbus.Conn, n *Notifier, key string) {
	t.Helper()
	from.Send(&dbus.Message{Type: dbus.TypeSignal, Body: []any{uint32(1), key}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(object)), dbus.FieldInterface: dbus.MakeVariant(server), dbus.FieldMember: dbus.MakeVariant("ActionInvoked"),
		dbus.FieldDestination: dbus.MakeVariant(n.bus.Names()[0]), dbus.FieldSignature: dbus.MakeVariant(dbus.ParseSignatureMust("us")),
	}}, nil)
	if err := from.BusObject().Call("org.freedesktop.DBus.GetId", 0).Err; err != nil {
		t.Fatal(err)
	}
}

func TestWithoutAServerItIsAnError(t *testing.T) {
	n, _ := openNotifier(t, osringtest.StartSession(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Show(ctx, almostOver); err == nil {
		t.Error("a notice was shown where nobody shows any")
	}
}
