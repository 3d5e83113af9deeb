package agent

import "sync"

// maxNames bounds how many names are remembered. A user has some.
const maxNames = 100

// names remembers the ids of accounts by the names that somebody typed.
type names struct {
	mu  sync.Mutex
	ids map[string]string
}

func (n *names) get(name string) (id string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id, ok = n.ids[name]
	return id, ok
}

func (n *names) set(name, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids == nil || len(n.ids) >= maxNames {
		n.ids = map[string]string{}
	}
	n.ids[name] = id
}

// forget is for a name that was of no use: it is looked up anew the next time.
func (n *names) forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ids, name)
}
