//go:build linux && amd64

package faults

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// stride is how many calls a sample leaves out before the next.
const stride = 71

// kinds are what happens to a call.
func kinds() []fault {
	return []fault{{name: "kill", errno: kill}, {name: "EIO", errno: unix.EIO}, {name: "ENOSPC", errno: unix.ENOSPC}}
}

// walk repeats a round with each call broken in turn, until a round passes without a broken call. A sample begins with
// another call for each fault, and leaves most of them out.
func walk(t *testing.T, w *world, first int, round func(f fault) (broke string)) {
	step, shift := stride, 2
	if os.Getenv("KEYSHIFT_SOAK") != "" {
		first, step, shift = 1, 1, 0
	}
	for _, f := range kinds() {
		t.Run(f.name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			rounds := 0
			for f.nth = first; !t.Failed(); f.nth += step {
				broke := round(f)
				if t.Failed() {
					t.Fatalf("%s, which is %s", &f, broke)
				}
				if broke == "" {
					break
				}
				rounds++
			}
			w.wantAudit()
			t.Logf("%d calls broken, the last is number %d", rounds, f.nth-step)
			if rounds == 0 {
				t.Errorf("there is no call number %d", first)
			}
		})
		first += shift
	}
}

// afterwards starts the agent anew if the fault ended it, or might have left it with something wrong in memory.
func (w *world) afterwards(broke string) {
	w.t.Helper()
	if broke != "" || !w.agent.running() {
		w.agent.kill()
		w.startAgent()
	}
}

func TestACheckOutSurvivesEveryFaultOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	walk(t, w, 2, func(f fault) string {
		req := w.newRequest()
		w.agent.arm(f)
		lease, _ := w.ask(req)
		broke := w.agent.disarm()
		w.afterwards(broke)
		again := w.askAgain(req)
		if lease != "" && again != lease {
			t.Errorf("the lease was %s and is %q now", lease, again)
		}
		w.wantOneLease(req, again)
		if again != "" {
			w.checkIn(again)
		}
		w.wantNothingLeft()
		return broke
	})
}

func TestACheckInSurvivesEveryFaultOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	walk(t, w, 3, func(f fault) string {
		lease := w.checkOut()
		w.agent.arm(f)
		_, err := w.local().CheckIn(t.Context(), lease)
		broke := w.agent.disarm()
		w.afterwards(broke)
		if err != nil {
			w.checkIn(lease)
		}
		w.wantNothingLeft()
		return broke
	})
}

func TestAWipeSurvivesEveryFaultOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	walk(t, w, 1, func(f fault) string {
		lease := w.checkOut()
		w.agent.arm(f)
		w.hubCLI("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry")
		w.acknowledged.note(&w.acknowledged.revoked, lease)
		w.await("the wipe is over", func() (bool, string) {
			l := w.lease(lease)
			return w.agent.struck() || l.GetRemoval().GetWipedAt() != nil, l.String()
		})
		broke := w.agent.disarm()
		w.afterwards(broke)
		w.wantNothingLeft()
		return broke
	})
}
