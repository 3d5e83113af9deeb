package agent

import (
	"errors"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// problems remembers what keeps the agent from working, one for each source: a success there clears it.
type problems struct {
	mu     sync.Mutex
	source map[problemSource]*keyshift.Error
}

type problemSource int

// The sources, the most telling first.
const (
	fromAnswer   problemSource = iota // what the hub, or the keyring with the device key, refuses
	fromWitness                       // the audit log
	fromKeyring                       // a stored copy that was changed
	fromDistance                      // the hub cannot be reached
	sources
)

func newProblems() *problems { return &problems{source: map[problemSource]*keyshift.Error{}} }

// set remembers or, with nil, clears a problem. It reports whether that changed anything for a person.
func (p *problems) set(from problemSource, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.source[from]
	if err == nil {
		delete(p.source, from)
		return before != nil
	}
	e := shown(err)
	p.source[from] = e
	return before == nil || before.Code != e.Code
}

// worst gives the problem to show, nil when there is none.
func (p *problems) worst() *keyshift.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for from := range sources {
		if e := p.source[from]; e != nil {
			return e
		}
	}
	return nil
}

func (p *problems) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.source)
}

// shown makes an error fit for people.
func shown(err error) *keyshift.Error {
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	return keyshift.Refuse(keyshift.CodeInternal, "Something went wrong inside the agent.", "Try again; keyshift-agent doctor may say more.").Because(err)
}
