package testpg

import (
	"fmt"
	"sync"
	"testing"
)

// Template is a database that is prepared once, when it is first needed, and copied for each test: that takes a fraction of
// preparing it anew.
type Template struct {
	// Prepare fills the empty database at an address. It leaves no connection to it.
	Prepare func(dsn string) error

	once sync.Once
	name string
	err  error
}

// New is [New], of a copy.
func (p *Template) New(t testing.TB) string {
	t.Helper()
	p.once.Do(p.prepare)
	if p.err != nil {
		t.Fatal(p.err)
	}
	return copied(t, p.name)
}

func (p *Template) prepare() {
	var dsn string
	if p.name, dsn, p.err = create("template0"); p.err != nil {
		return
	}
	if err := p.Prepare(dsn); err != nil {
		p.err = fmt.Errorf("prepare database: %w", err)
	}
}

// Drop removes the template when the tests are over. It does nothing if none needed it.
func (p *Template) Drop() error {
	if p.name == "" {
		return nil
	}
	return drop(p.name)
}
