package workbrowser

import (
	"errors"
	"path/filepath"
	"time"
)

// lookEvery is how often a browser that is not our child is looked at.
const lookEvery = 250 * time.Millisecond

// Adopt is called once when the agent starts, before any Open. Browsers of an earlier agent that still run are watched
// as if this one had started them; what is left of the others is deleted, unless its note says to keep it. It answers the
// accounts of which something was found, so that their clean-ups can be settled.
func (d *Desk) Adopt() (alive, ended []string, err error) {
	all, err := d.notes()
	for name, n := range all {
		switch {
		case n.Account != "" && n.Started != "" && startOf(n.PID) == n.Started:
			d.take(n)
			alive = append(alive, n.Account)
			continue
		case n.Account != "":
			ended = append(ended, n.Account)
		}
		if !n.Keep {
			err = errors.Join(err, d.remove(name))
		}
	}
	return alive, ended, err
}

// take watches a process that is not our child.
func (d *Desk) take(n note) {
	i := &instance{n, make(chan struct{})}
	d.mu.Lock()
	d.running[n.Account] = i
	d.mu.Unlock()
	go d.watch(i, func() { awaitEnd(n.PID, n.Started) })
}

func awaitEnd(pid int, started processID) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for startOf(pid) == started {
		<-tick.C
	}
}

// AccountOf tells in whose work browser a process runs, such as a native host: it is the browser or was started below it.
func (d *Desk) AccountOf(pid int) (account string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for steps := 0; pid > 1 && steps < 16; steps++ {
		for account, i := range d.running {
			if i.PID == pid {
				return account, true
			}
		}
		pid = parentOf(pid)
	}
	return "", false
}

func folderOf(path string) string { return filepath.Base(path) }
