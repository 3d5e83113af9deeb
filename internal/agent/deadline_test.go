package agent

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// at is a reading some time after noon, by wall clock and boot time, of the boot that noon was in.
func at(wall, boot time.Duration) bootclock.Reading {
	return bootclock.Reading{Wall: noon.Add(wall), Boot: 5*time.Hour + boot, BootID: "one"}
}

// rebooted is a reading after a new start: the wall clock after noon, and how long the computer runs again.
func rebooted(wall, up time.Duration) bootclock.Reading {
	return bootclock.Reading{Wall: noon.Add(wall), Boot: up, BootID: "two"}
}

// heardAt is a contact with a hub whose clock is right.
func heardAt(d time.Duration) hubclient.Contact {
	return hubclient.Contact{HubTime: noon.Add(d), Asked: at(d, d)}
}

func knows(last hubclient.Contact) witnessed { return witnessed{}.meet(last) }

func TestJudge(t *testing.T) {
	hour := term{EndsAt: noon.Add(time.Hour), Given: heardAt(0), Grace: 15 * time.Minute}
	for _, tt := range []struct {
		name string
		term term
		last hubclient.Contact
		now  bootclock.Reading
		want keyshift.EndCause
	}{
		{"just given", hour, heardAt(0), at(0, 0), ""},
		{"a moment before its end", hour, heardAt(59 * time.Minute), at(time.Hour-1, time.Hour-1), ""},
		{"at its end", hour, heardAt(59 * time.Minute), at(time.Hour, time.Hour), keyshift.CauseExpired},
		{"at its end by boot time, wall clock turned back a day", hour, heardAt(59 * time.Minute), at(-24*time.Hour, time.Hour), keyshift.CauseExpired},
		{"wall clock turned back a day, time left", hour, heardAt(10 * time.Minute), at(-24*time.Hour, 11*time.Minute), ""},
		{"wall clock turned forward a day", hour, heardAt(time.Minute), at(24*time.Hour, time.Minute), keyshift.CauseExpired},
		{"slept ten hours", hour, heardAt(time.Minute), at(10*time.Hour, 10*time.Hour), keyshift.CauseExpired},
		{"slept ten hours, wall clock turned back", hour, heardAt(time.Minute), at(time.Minute, 10*time.Hour), keyshift.CauseExpired},
		{"a moment before its grace is over", hour, heardAt(0), at(15*time.Minute-1, 15*time.Minute-1), ""},
		{"silent for its grace", hour, heardAt(0), at(15*time.Minute, 15*time.Minute), keyshift.CauseOffline},
		{"silent for its grace by boot time only", hour, heardAt(0), at(time.Minute, 15*time.Minute), keyshift.CauseOffline},
		{"a grace of nothing lasts as long as can be kept", term{EndsAt: noon.Add(time.Hour), Given: heardAt(0)}, heardAt(0), at(10*time.Second-1, 10*time.Second-1), ""},
		{"a grace of nothing", term{EndsAt: noon.Add(time.Hour), Given: heardAt(0)}, heardAt(0), at(10*time.Second, 10*time.Second), keyshift.CauseOffline},
		{"rebooted quickly", hour, heardAt(0), rebooted(5*time.Minute, time.Minute), ""},
		{"rebooted after its grace", hour, heardAt(0), rebooted(15*time.Minute, time.Minute), keyshift.CauseOffline},
		{"rebooted after its end", hour, heardAt(59 * time.Minute), rebooted(time.Hour, time.Minute), keyshift.CauseExpired},
		{"rebooted, wall clock stands still, runs longer than its grace", hour, heardAt(0), rebooted(time.Minute, 15*time.Minute), keyshift.CauseOffline},
		{"rebooted, wall clock stands still, runs longer than it lasts", hour, heardAt(0), rebooted(time.Minute, time.Hour), keyshift.CauseExpired},
		{"rebooted, wall clock turned back: nobody knows how long it was off", hour, heardAt(10 * time.Minute), rebooted(8*time.Minute, time.Minute), keyshift.CauseOffline},
		{"boot time ran backwards", hour, heardAt(10 * time.Minute), at(11*time.Minute, 9*time.Minute), keyshift.CauseOffline},
		{"no contact known", hour, hubclient.Contact{}, at(time.Minute, time.Minute), keyshift.CauseOffline},
		{"no reading", hour, heardAt(0), bootclock.Reading{}, keyshift.CauseOffline},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.term.judge(knows(tt.last), tt.now); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	dayAhead := hubclient.Contact{HubTime: noon.Add(24 * time.Hour), Asked: at(0, 0)}
	skewed := hubclient.Contact{HubTime: noon.Add(-3 * time.Minute), Asked: at(0, 0)}
	for _, tt := range []struct {
		name string
		know witnessed
		now  bootclock.Reading
		want v1.Trust
	}{
		{"in contact", knows(heardAt(0)), at(0, 0), v1.Trust_TRUST_OK},
		{"a moment before it is stale", knows(heardAt(0)), at(5*time.Minute-1, 5*time.Minute-1), v1.Trust_TRUST_OK},
		{"stale", knows(heardAt(0)), at(5*time.Minute, 5*time.Minute), v1.Trust_TRUST_STALE},
		{"stale by boot time, wall clock a little behind", knows(heardAt(0)), at(5*time.Minute-30*time.Second, 5*time.Minute), v1.Trust_TRUST_STALE},
		{"slept ten hours", knows(heardAt(0)), at(10*time.Hour, 10*time.Hour), v1.Trust_TRUST_STALE},
		{"wall clock turned back a day", knows(heardAt(0)), at(-24*time.Hour, time.Minute), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"wall clock turned forward", knows(heardAt(0)), at(time.Hour, time.Minute), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"wall clock off at contact", knows(skewed), at(time.Second, time.Second), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"wall clock a little behind what the hub told", knows(heardAt(0)), at(-time.Minute, 0), v1.Trust_TRUST_OK},
		{"wall clock behind what the hub told", knows(heardAt(0)), at(-time.Minute-1, 0), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"rebooted", knows(heardAt(0)), rebooted(time.Minute, time.Second), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"told the time, but not what is valid", knows(heardAt(0)).hear(heardAt(5 * time.Minute)), at(5*time.Minute, 5*time.Minute), v1.Trust_TRUST_STALE},
		{"rebooted, told the time only", knows(heardAt(0)).hear(hubclient.Contact{HubTime: noon.Add(time.Minute), Asked: rebooted(time.Minute, time.Second)}),
			rebooted(time.Minute, time.Second), v1.Trust_TRUST_STALE},
		{"the hub was a day ahead and is right again", knows(dayAhead).meet(heardAt(time.Minute)), at(time.Minute, time.Minute), v1.Trust_TRUST_OK},
		{"the hub was a day ahead and is right again, wall clock turned back", knows(dayAhead).meet(heardAt(2 * time.Minute)), at(time.Minute-1, 2*time.Minute), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"boot time ran backwards", knows(heardAt(time.Hour)), at(time.Hour, 0), v1.Trust_TRUST_CLOCK_SUSPECT},
		{"nothing known", witnessed{}, at(0, 0), v1.Trust_TRUST_CLOCK_SUSPECT},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.know.trust(keyshift.StaleAfter, tt.now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMeet(t *testing.T) {
	w := knows(heardAt(10 * time.Minute))
	if got := w.meet(heardAt(5 * time.Minute)); got != w {
		t.Errorf("an older answer: got %v, want no change", got)
	}
	back := hubclient.Contact{HubTime: noon.Add(8 * time.Minute), Asked: at(11*time.Minute, 11*time.Minute)}
	if got := w.meet(back); got.Last != back || got.Told != back || !got.High.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("a hub whose clock went back: got %v, want the new contact and the old high", got)
	}
	again := hubclient.Contact{HubTime: noon.Add(20 * time.Minute), Asked: rebooted(20*time.Minute, time.Second)}
	if got := w.meet(again); got.Last != again || !got.High.Equal(again.HubTime) {
		t.Errorf("after a new start: got %v, want %v", got, again)
	}
	if got := w.hear(again); got.Last != w.Last || got.Told != again {
		t.Errorf("a word about the time only: got %v, want the old contact", got)
	}
}

func TestTimesThatAreShown(t *testing.T) {
	hour := term{EndsAt: noon.Add(time.Hour), Given: heardAt(0), Grace: 15 * time.Minute}
	for _, tt := range []struct {
		name    string
		now     bootclock.Reading
		left    time.Duration
		offline time.Time
	}{
		{"at the start", at(0, 0), time.Hour, noon.Add(15 * time.Minute)},
		{"later", at(10*time.Minute, 10*time.Minute), 50 * time.Minute, noon.Add(15 * time.Minute)},
		{"wall clock behind", at(0, 10*time.Minute), 50 * time.Minute, noon.Add(5 * time.Minute)},
		{"over", at(2*time.Hour, 2*time.Hour), 0, noon.Add(2 * time.Hour)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := hour.timeLeft(tt.now); got != tt.left {
				t.Errorf("time left: got %v, want %v", got, tt.left)
			}
			if got := hour.offlineEnd(knows(heardAt(0)), tt.now); !got.Equal(tt.offline) {
				t.Errorf("offline end: got %v, want %v", got, tt.offline)
			}
		})
	}
}

func TestPaceStaysWithinBounds(t *testing.T) {
	for _, tt := range []struct {
		name       string
		give, want pace
	}{
		{"nothing said", pace{}, pace{keyshift.StaleAfter, keyshift.SyncEvery}},
		{"more careful", pace{time.Minute, 5 * time.Second}, pace{time.Minute, 5 * time.Second}},
		{"less careful", pace{time.Hour, time.Hour}, pace{keyshift.StaleAfter, 5 * time.Minute}},
		{"nonsense", pace{-time.Hour, time.Nanosecond}, pace{keyshift.StaleAfter, time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &timekeeper{}
			k.setPace(tt.give)
			if got := k.state().Pace; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
