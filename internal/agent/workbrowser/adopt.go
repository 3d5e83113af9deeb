package workbrowser

import (
	"errors"
	"path/filepath"
	"time"
)

// lookEvery is how often a browser that is not our child is looked at.
const lookEvery = 250 * time.Millisecond

// Adopt is called once when the agent starts, before any Open. Browsers of an earlier agent that still run are watched
// as if this one had started them; what is left of the others is deleted, but for folders that an earlier agent kept. It
// answers the accounts of the browsers that run, and of those that were deleted, so that their clean-ups can be settled.
func (d *Desk) Adopt() (alive, ended []string, err error) {
	all, err := d.notes()
	for name, n := range all {
		switch {
		case n.Account != "" && n.Started != "" && startOf(n.PID) == n.Started:
			d.take(n)
			alive = append(alive, n.Account)
			continue
		case n.Account != "" && n.Keep && n.Started == "":
			continue // it ended well, and was kept
		case n.Account != "":
			ended = append(ended, n.Account)
		}
		err = errors.Join(err, d.remove(name))
	}
	return alive, ended, err
}

// take watches a process that is not our child.
func (d *Desk) take(n note) {
	i := &instance{n, make(chan struct{})}
	d.mu.Lock()
	d.running[n.Account] = i
	d.mu.Unlock()
	go d.watch(i, func() bool { return awaitEnd(n.PID, n.Started) })
}

// awaitEnd waits for the end of a process. Nobody but its parent hears whether it ended well.
func awaitEnd(pid int, started processID) (well bool) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for startOf(pid) == started {
		<-tick.C
	}
	return false
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
