package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// backgroundMemory is what the process takes in which the extensions of a browser have their backgrounds, in MiB: PSS with
// its part of what processes share, USS without.
func backgroundMemory(b browsertest.Browser) (pss, uss float64, err error) {
	for _, pid := range below(b.PID()) {
		if !isBackground(b.Kind(), pid) {
			continue
		}
		p, u := rollup(pid)
		pss, uss = pss+p, uss+u
	}
	if pss == 0 {
		err = fmt.Errorf("%s has no process for extensions", b.Kind())
	}
	return pss / 1024, uss / 1024, err
}

// isBackground knows the process: Chromium says it in the command line, Firefox in the name.
func isBackground(k browsertest.Kind, pid int) bool {
	file, word := "cmdline", "--extension-process"
	if k == browsertest.Firefox {
		file, word = "comm", "WebExtensions"
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file)) // a process that ended is none
	return strings.Contains(string(text), word)
}

// below are the processes that descend from one.
func below(root int) (found []int) {
	children := map[int][]int{}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		parent, _ := strconv.Atoi(field(dir+"/status", "PPid"))
		children[parent] = append(children[parent], pid)
	}
	for next := children[root]; len(next) > 0; next = next[1:] {
		found = append(found, next[0])
		next = append(next, children[next[0]]...)
	}
	return found
}

// rollup reads the memory of a process, in KiB.
func rollup(pid int) (pss, uss float64) {
	file := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	number := func(name string) (n float64) {
		_, _ = fmt.Sscan(field(file, name), &n) // a process that ended has none
		return n
	}
	return number("Pss"), number("Private_Clean") + number("Private_Dirty")
}
