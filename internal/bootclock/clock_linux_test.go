package bootclock

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be another process that reads the clock.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "read" {
		now, err := System().Read()
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(now)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestBootMatchesUptime compares with the kernel's other word for it, which counts hundredths of a second.
func TestBootMatchesUptime(t *testing.T) {
	before := uptime(t)
	got := mustRead(t, System()).Boot
	after := uptime(t) + 10*time.Millisecond
	if got < before || got > after {
		t.Errorf("got %v, want between %v and %v", got, before, after)
	}
}

func uptime(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// shift is what a process lives through. A machine cannot be suspended by a test; a time namespace with its boot
// clock set ahead looks the same to the process: boot time jumped, the wall clock did not.
type shift struct {
	name    string
	command []string
	jump    time.Duration
}

// shifts leaves the jump out where the kernel or a container denies time namespaces to this user.
func shifts() []shift {
	rows := []shift{{"another process reads the same clock", nil, 0}}
	unshare := []string{"unshare", "--time", "--fork", "--boottime", "36000"}
	if os.Geteuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	if exec.Command(unshare[0], append(unshare[1:], "true")...).Run() != nil {
		return rows
	}
	return append(rows, shift{"boot clock jumps by ten hours", unshare, 10 * time.Hour})
}

func TestBootTimeShowsSleep(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range shifts() {
		t.Run(tt.name, func(t *testing.T) {
			before := mustRead(t, System())
			inside := readAs(t, append(tt.command, self, "read"))
			after := mustRead(t, System())

			elapsed, ok := inside.Since(before)
			if limit, _ := after.Since(before); !ok || elapsed < tt.jump || elapsed > tt.jump+limit {
				t.Errorf("got %v, %v since the start, want %v to %v", elapsed, ok, tt.jump, tt.jump+limit)
			}
			if inside.Wall.Before(before.Wall) || inside.Wall.After(after.Wall) {
				t.Errorf("wall moved to %v, want between %v and %v", inside.Wall, before.Wall, after.Wall)
			}
		})
	}
}

func readAs(t *testing.T, command []string) Reading {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %v: %v", command, err)
	}
	var r Reading
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
