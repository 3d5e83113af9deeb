package osring

import (
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"
)

// Backend is the raw store under an OS: texts under a service and a key. Its
// errors wrap the errors of this package. Its calls may hang, may report what
// did not happen, and come one at a time.
type Backend interface {
	// Get returns the first text that matches, or ErrNotFound.
	Get(service, key string) (string, error)
	// Set stores text, replacing the match if there is one.
	Set(service, key, text string) error
	// Delete removes the first match; ErrNotFound if there is none.
	Delete(service, key string) error
}

// visitor is a backend to which the way costs something: the calls of one operation are one visit.
type visitor interface {
	visit() (leave func(), err error)
}

// keyringBackend is the keyring of the user through go-keyring. It is called in a visit only.
type keyringBackend struct{}

func (keyringBackend) visit() (leave func(), err error) { return connect() }

func (keyringBackend) Get(service, key string) (text string, err error) {
	err = call(func() (err error) {
		text, err = keyring.Get(service, key)
		return err
	})
	return text, err
}

func (keyringBackend) Set(service, key, text string) error {
	return call(func() error { return keyring.Set(service, key, text) })
}

func (keyringBackend) Delete(service, key string) error {
	return call(func() error { return keyring.Delete(service, key) })
}

// call also catches panics: go-keyring dereferences nil when the session bus
// goes away while it waits for a prompt.
func call(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it broke off during the call (%v)", ErrUnavailable, p)
		}
	}()
	return classify(f())
}

// classify turns an error of go-keyring into one of ours.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return ErrTooBig
	}
	return classifyOS(err)
}

// because wraps kind and adds what the OS said.
func because(kind, said error) error { return fmt.Errorf("%w: %v", kind, said) }
