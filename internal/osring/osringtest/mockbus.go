package osringtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The names of the Secret Service API 0.2,
// https://specifications.freedesktop.org/secret-service/latest/.
const (
	secretsName    = "org.freedesktop.secrets"
	secretsPath    = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath      = secretsPath + "/collection/login"
	sessionPath    = secretsPath + "/session/plain"
	none           = dbus.ObjectPath("/")
	serviceIface   = "org.freedesktop.Secret.Service"
	sessionIface   = "org.freedesktop.Secret.Session"
	collectIface   = "org.freedesktop.Secret.Collection"
	itemIface      = "org.freedesktop.Secret.Item"
	promptIface    = "org.freedesktop.Secret.Prompt"
	errorIsLocked  = "org.freedesktop.Secret.Error.IsLocked"
	errorNotMocked = "org.freedesktop.DBus.Error.NotSupported"
	propsIface     = "org.freedesktop.DBus.Properties"
)

// mockSecret has the D-Bus signature (oayays).
type mockSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

type mockItem struct {
	mock       *MockSecretService
	path       dbus.ObjectPath
	label      string
	attributes map[string]string
	secret     mockSecret
}

// mockPrompt is a question to a person: accept does what was asked for.
type mockPrompt struct {
	mock   *MockSecretService
	path   dbus.ObjectPath
	accept func() any
	refuse any // the result when dismissed, of the type that accept returns
}

type (
	mockService    struct{ mock *MockSecretService }
	mockCollection struct{ mock *MockSecretService }
	mockSession    struct{}
	mockProperties struct{}
)

func (m *MockSecretService) exportAll() error {
	return errors.Join(
		m.conn.Export(mockService{m}, secretsPath, serviceIface),
		m.conn.Export(mockProperties{}, secretsPath, propsIface),
		m.conn.Export(mockCollection{m}, loginPath, collectIface),
		m.conn.Export(mockSession{}, sessionPath, sessionIface),
	)
}

// newItem exports an item and leaves it to the caller to add it to m.items.
func (m *MockSecretService) newItem(label string, attributes map[string]string, secret mockSecret) *mockItem {
	m.serial++
	path := dbus.ObjectPath(fmt.Sprintf("%s/%d", loginPath, m.serial))
	i := &mockItem{m, path, label, attributes, secret}
	_ = m.conn.Export(i, path, itemIface) // fails only for an invalid path
	return i
}

func (m *MockSecretService) remove(i *mockItem) {
	m.items = slices.DeleteFunc(m.items, func(other *mockItem) bool { return other == i })
	_ = m.conn.Export(nil, i.path, itemIface)
}

func (m *MockSecretService) newPrompt(accept func() any, refuse any) dbus.ObjectPath {
	m.serial++
	path := dbus.ObjectPath(fmt.Sprintf("%s/prompt/%d", secretsPath, m.serial))
	_ = m.conn.Export(&mockPrompt{m, path, accept, refuse}, path, promptIface)
	return path
}

// answer completes p, or keeps it waiting, as the behavior is now.
func (m *MockSecretService) answer(p *mockPrompt) {
	switch m.behavior {
	case Hang, HangDelete:
		m.waiting = append(m.waiting, p)
	case DismissDelete, DismissSet, Locked:
		m.complete(p, true, p.refuse)
	default:
		m.complete(p, false, p.accept())
	}
}

func (m *MockSecretService) complete(p *mockPrompt, dismissed bool, result any) {
	_ = m.conn.Export(nil, p.path, promptIface)
	_ = m.conn.Emit(p.path, promptIface+".Completed", dismissed, dbus.MakeVariant(result))
}

func (mockService) OpenSession(algorithm string, _ dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if algorithm != "plain" {
		return dbus.MakeVariant(""), none, dbus.NewError(errorNotMocked, nil)
	}
	return dbus.MakeVariant(""), sessionPath, nil
}

func (mockService) ReadAlias(name string) (dbus.ObjectPath, *dbus.Error) {
	if name != "default" {
		return none, nil
	}
	return loginPath, nil
}

func (s mockService) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.mock.mu.Lock()
	defer s.mock.mu.Unlock()
	switch s.mock.behavior {
	case Hang, Locked:
		nothing := []dbus.ObjectPath{}
		return nothing, s.mock.newPrompt(func() any { return objects }, nothing), nil
	}
	return objects, none, nil
}

func (mockProperties) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface != serviceIface || name != "Collections" {
		return dbus.Variant{}, dbus.NewError(errorNotMocked, nil)
	}
	return dbus.MakeVariant([]dbus.ObjectPath{loginPath}), nil
}

func (mockSession) Close() *dbus.Error { return nil }

func (c mockCollection) SearchItems(want map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	c.mock.mu.Lock()
	defer c.mock.mu.Unlock()
	found := []dbus.ObjectPath{}
	for _, i := range c.mock.items {
		if i.matches(want) {
			found = append(found, i.path)
		}
	}
	return found, nil
}

func (c mockCollection) CreateItem(properties map[string]dbus.Variant, secret mockSecret, replace bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	label, _ := properties[itemIface+".Label"].Value().(string)
	attributes, _ := properties[itemIface+".Attributes"].Value().(map[string]string)
	c.mock.mu.Lock()
	defer c.mock.mu.Unlock()
	create := func() dbus.ObjectPath { return c.mock.put(label, attributes, secret, replace) }
	switch c.mock.behavior {
	case Hang, Locked:
		return none, none, dbus.NewError(errorIsLocked, nil)
	case DismissSet:
		return none, c.mock.newPrompt(func() any { return create() }, none), nil
	}
	return create(), none, nil
}

// put replaces the item with exactly these attributes, or adds one.
func (m *MockSecretService) put(label string, attributes map[string]string, secret mockSecret, replace bool) dbus.ObjectPath {
	for _, i := range m.items {
		if replace && maps.Equal(i.attributes, attributes) {
			i.label, i.secret = label, secret
			return i.path
		}
	}
	i := m.newItem(label, attributes, secret)
	m.items = slices.Insert(m.items, 0, i)
	return i.path
}

func (i *mockItem) matches(want map[string]string) bool {
	for name, value := range want {
		if i.attributes[name] != value {
			return false
		}
	}
	return true
}

func (i *mockItem) GetSecret(session dbus.ObjectPath) (mockSecret, *dbus.Error) {
	i.mock.mu.Lock()
	defer i.mock.mu.Unlock()
	switch i.mock.behavior {
	case Hang, Locked:
		return mockSecret{Session: session}, dbus.NewError(errorIsLocked, nil)
	}
	return mockSecret{session, []byte{}, i.secret.Value, i.secret.ContentType}, nil
}

func (i *mockItem) Delete() (dbus.ObjectPath, *dbus.Error) {
	i.mock.mu.Lock()
	defer i.mock.mu.Unlock()
	switch i.mock.behavior {
	case DismissDelete, HangDelete:
		return i.mock.newPrompt(func() any { i.mock.remove(i); return "" }, ""), nil
	}
	i.mock.remove(i)
	return none, nil
}

// Prompt shows the prompt, and answers it as the behavior says.
func (p *mockPrompt) Prompt(string) *dbus.Error {
	p.mock.mu.Lock()
	defer p.mock.mu.Unlock()
	p.mock.answer(p)
	return nil
}
