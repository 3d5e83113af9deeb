package osringtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/godbus/dbus/v5"
)

// Behavior is how a MockSecretService treats the calls of its clients.
type Behavior string

const (
	// Normal does everything at once and without a prompt.
	Normal Behavior = "normal"
	// DismissDelete asks before each delete, and the prompt is dismissed.
	DismissDelete Behavior = "dismiss-delete"
	// DismissSet asks before each store, and the prompt is dismissed.
	DismissSet Behavior = "dismiss-set"
	// Hang asks before unlocking, so before anything, and nobody answers.
	Hang Behavior = "hang"
	// HangDelete asks before each delete, and nobody answers.
	HangDelete Behavior = "hang-delete"
	// Locked asks before unlocking, and the prompt is dismissed, as it is on a
	// machine without a display.
	Locked Behavior = "locked"
)

// Behaviors are all of them.
func Behaviors() []Behavior {
	return []Behavior{Normal, DismissDelete, DismissSet, Hang, HangDelete, Locked}
}

// MockSecretService is a provider of org.freedesktop.secrets with one
// collection, "login", as far as go-keyring uses it. Searching finds newer
// items first. Make it with ServeMock. Safe for concurrent use.
type MockSecretService struct {
	conn  *dbus.Conn
	calls atomic.Int64

	mu       sync.Mutex
	behavior Behavior
	items    []*mockItem // newest first
	waiting  []*mockPrompt
	serial   int
}

// MockItem is an item of a MockSecretService as it was when asked for.
type MockItem struct {
	Label      string
	Attributes map[string]string
	Value      []byte
}

// ServeMock takes the name org.freedesktop.secrets on the bus at address, with
// no items and Normal behavior, and serves it until Close.
func ServeMock(address string) (*MockSecretService, error) {
	m := &MockSecretService{behavior: Normal}
	conn, err := dbus.Connect(address, dbus.WithIncomingInterceptor(m.count))
	if err != nil {
		return nil, fmt.Errorf("connect to session bus: %w", err)
	}
	m.conn = conn
	if err := errors.Join(m.exportAll(), m.takeName()); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *MockSecretService) count(msg *dbus.Message) {
	if msg.Type == dbus.TypeMethodCall {
		m.calls.Add(1)
	}
}

// Calls is how many calls there were so far.
func (m *MockSecretService) Calls() int64 { return m.calls.Load() }

// Close gives the name back and leaves the bus.
func (m *MockSecretService) Close() error { return m.conn.Close() }

// Behave switches the behavior. Prompts that nobody answered so far are treated
// by the new one: Normal accepts them, DismissDelete, DismissSet and Locked
// dismiss them. It fails on a behavior that does not exist.
func (m *MockSecretService) Behave(b Behavior) error {
	if !slices.Contains(Behaviors(), b) {
		return fmt.Errorf("behavior %q is not one of %q", b, Behaviors())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.behavior = b
	waiting := m.waiting
	m.waiting = nil
	for _, p := range waiting {
		m.answer(p)
	}
	return nil
}

// PlantNewer adds an item that somebody else made after ours, so that searches
// find it first. It has the two attributes of go-keyring and one more.
func (m *MockSecretService) PlantNewer(service, username, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = slices.Insert(m.items, 0, m.planted(service, username, value))
}

// PlantOlder adds an item that somebody else made before ours, so that searches
// find it last. It has the two attributes of go-keyring and one more.
func (m *MockSecretService) PlantOlder(service, username, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = append(m.items, m.planted(service, username, value))
}

// Items returns copies of all items, newest first.
func (m *MockSecretService) Items() []MockItem {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := make([]MockItem, 0, len(m.items))
	for _, i := range m.items {
		items = append(items, MockItem{i.label, maps.Clone(i.attributes), slices.Clone(i.secret.Value)})
	}
	return items
}

func (m *MockSecretService) planted(service, username, value string) *mockItem {
	attributes := map[string]string{"service": service, "username": username, "planted": "yes"}
	return m.newItem("planted", attributes, mockSecret{Value: []byte(value), ContentType: "text/plain"})
}

func (m *MockSecretService) takeName() error {
	reply, err := m.conn.RequestName(secretsName, dbus.NameFlagDoNotQueue)
	if err != nil {
		return fmt.Errorf("take name %s: %w", secretsName, err)
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return fmt.Errorf("take name %s: another provider has it", secretsName)
	}
	return nil
}
