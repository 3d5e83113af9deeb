package crash

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// act is what somebody did with the exclusive account.
type act string

const (
	checkOut act = "check out"
	activate act = "activate"
	renew    act = "renew"
	giveBack act = "give back" // a check-in or a receipt; Wiped says whether the secret is gone
	revoke   act = "revoke"
	rotate   act = "rotate"
	look     act = "look" // which leases the device is told to have
	elapse   act = "elapse"
	over     act = "over" // nothing happens afterwards: what nobody knows the outcome of may not have happened at all
)

// asked is an act and when it was under way. Times are microseconds of the clock that all parts share; the hub decided at
// some moment between From and To.
type asked struct {
	Act      act
	User     string
	Lease    string
	Wiped    bool
	By       time.Duration // of renew and elapse
	From, To int64
}

// told is how the hub answered. Unknown means that nobody ever heard it.
type told struct {
	Unknown bool
	Code    keyshift.Code
	// Lease, Start, ActivateBy and Ends are of the lease that was granted or renewed.
	Lease                   string
	Start, ActivateBy, Ends int64
	// Holder and Until (in seconds) are what a refused one learns.
	Holder string
	Until  int64
	Ended  int64
	Leases []string
}

// stage is how an account stands.
type stage string

const (
	free    stage = "free"
	pending stage = "pending"
	active  stage = "active"
	ended   stage = "ended" // and nobody confirmed the wipe
)

// account is an exclusive account that does one thing at a time: the specification. Its rule for a new holder is that the
// one before wiped the secret, or cannot have it any more since two minutes, or that the password was changed.
type account struct {
	Stage       stage
	User, Lease string
	// ActivateBy and Ends are of a live lease. Guessed means that nobody heard the answer: they are the earliest possible.
	ActivateBy, Ends int64
	Guessed          bool
	// FreeFrom and FreeTo bound the moment at which an ended lease without a confirmed wipe frees the account.
	FreeFrom, FreeTo int64
	Over             bool
}

var (
	margin = keyshift.ReissueMargin.Microseconds()
	grace  = keyshift.DefaultOfflineGrace.Microseconds()
	lasts  = lent.Microseconds()
)

// lent is for how long devices ask.
const lent = 10 * time.Minute

func (a account) live() bool { return a.Stage == pending || a.Stage == active }

// due is when a live lease is over by time.
func (a account) due() int64 {
	if a.Stage == pending {
		return a.ActivateBy
	}
	return a.Ends
}

// has reports whether a live lease is this one, and may and may not be over by time in the course of an act.
func (a account) has(in asked) (mayBe, mayNotBe bool) {
	mine := a.live() && a.Lease == in.Lease && !a.Guessed
	return mine && in.From < a.due(), !mine || in.To >= a.due()
}

// freeFrom is when the account can be lent to somebody else at the earliest, freeTo at the latest.
func (a account) freeFrom() int64 {
	switch {
	case a.Stage == free:
		return 0
	case a.live():
		return a.due() + margin
	}
	return a.FreeFrom
}

func (a account) freeTo() int64 {
	switch {
	case a.Guessed:
		return a.freeFrom() + forever
	case a.Stage == ended:
		return a.FreeTo
	}
	return a.freeFrom()
}

// forever is longer than any history, and short enough to be added to a time.
const forever = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

func (a account) freed() account { return account{Stage: free} }

func (a account) endedUntil(from, to int64) account {
	return account{Stage: ended, User: a.User, Lease: a.Lease, Guessed: a.Guessed, FreeFrom: from, FreeTo: to}
}

// step does one act and reports whether the account could have answered so.
func (a account) step(in asked, out told) (account, bool) {
	if out.Unknown && a.Over {
		return a, true
	}
	switch in.Act {
	case checkOut:
		return a.checkOut(in, out)
	case activate:
		return a.activate(in, out)
	case renew:
		return a.renew(in, out)
	case giveBack:
		return a.giveBack(in, out)
	case revoke:
		return a.revoke(in, out)
	case rotate:
		if a.Stage == ended {
			a = a.freed()
		}
		return a, true
	case look:
		return a, a.shows(in, out)
	case elapse:
		return a.elapse(in.By.Microseconds()), true
	case over:
		a.Over = true
		return a, true
	}
	return a, false
}

func (a account) checkOut(in asked, out told) (account, bool) {
	switch {
	case out.Unknown:
		guess := account{Stage: pending, User: in.User, ActivateBy: in.From + keyshift.ActivateWithin.Microseconds(), Ends: in.From + lasts, Guessed: true}
		return guess, a.freeFrom() <= in.To
	case out.Code == "":
		next := account{Stage: pending, User: in.User, Lease: out.Lease, ActivateBy: out.ActivateBy, Ends: out.Ends}
		return next, a.freeFrom() <= out.Start && out.Lease != ""
	}
	return a, out.Code == keyshift.CodeAccountInUse && a.refuses(in, out)
}

// refuses reports whether the account is held while somebody asks, and by whom and until when they were told.
func (a account) refuses(in asked, out told) bool {
	if a.Stage == free || a.User != out.Holder || a.freeTo() <= in.From {
		return false
	}
	if a.Guessed {
		return true
	}
	second := func(micros int64) int64 { return micros / time.Second.Microseconds() }
	switch {
	case a.Stage == ended:
		return second(a.FreeFrom) <= out.Until && out.Until <= second(a.FreeTo)
	case in.From < a.due() && out.Until == second(a.Ends):
		return true
	}
	return in.To >= a.due() && out.Until == second(a.due()+margin)
}

func (a account) activate(in asked, out told) (account, bool) {
	mayBe, mayNotBe := a.has(in)
	if out.Code == keyshift.CodeLeaseOver {
		return a, mayNotBe
	}
	a.Stage = active
	return a, out.Code == "" && mayBe
}

func (a account) renew(in asked, out told) (account, bool) {
	mayBe, mayNotBe := a.has(in)
	switch out.Code {
	case keyshift.CodeLeaseOver:
		return a, mayNotBe || a.Stage != active
	case keyshift.CodeDurationInvalid:
		return a, mayBe && a.Stage == active && in.From+in.By.Microseconds() <= a.Ends
	case "":
		longer := out.Ends > a.Ends && out.Ends >= in.From+in.By.Microseconds() && out.Ends <= in.To+in.By.Microseconds()
		mayBe = mayBe && a.Stage == active && longer
		a.Ends = out.Ends
		return a, mayBe
	}
	return a, false
}

// giveBack is never refused. Nobody's outcome may be unknown but the one of a wipe that frees the account.
func (a account) giveBack(in asked, out told) (account, bool) {
	mine := a.Stage != free && a.Lease == in.Lease && !a.Guessed
	switch {
	case out.Code != "" || out.Unknown && !mine:
		return a, false
	case !mine:
		return a, true
	case in.Wiped:
		return a.freed(), true
	case a.live() && in.To >= a.due():
		return a.endedUntil(a.due()+margin, a.Ends+margin), true
	case a.live():
		return a.endedUntil(a.Ends+margin, a.Ends+margin), true
	}
	return a, true
}

func (a account) revoke(in asked, out told) (account, bool) {
	switch {
	case out.Code != "":
		return a, false
	case out.Ended == 0 && a.live():
		return a.endedUntil(a.due()+margin, a.freeTo()), in.To >= a.due()
	case out.Ended == 0:
		return a, true
	}
	latest := func(now int64) int64 { return min(a.Ends, now+grace) + margin }
	next := a.endedUntil(latest(in.From), latest(in.To))
	if a.Guessed {
		next.FreeTo = in.To + grace + margin
	}
	return next, a.live() && out.Ended == 1
}

// shows reports whether a device that looks may be told these leases.
func (a account) shows(in asked, out told) bool {
	mine := a.live() && a.User == in.User
	switch {
	case out.Code != "":
		return false
	case len(out.Leases) == 0:
		return !mine || in.To >= a.due()
	}
	return mine && (a.Guessed || in.From < a.due()) && len(out.Leases) == 1 && (a.Guessed || out.Leases[0] == a.Lease)
}

func (a account) elapse(by int64) account {
	for _, at := range []*int64{&a.ActivateBy, &a.Ends, &a.FreeFrom, &a.FreeTo} {
		if *at > 0 {
			*at -= by
		}
	}
	return a
}

// model is the specification for porcupine.
var model = porcupine.Model{
	Init: func() any { return account{Stage: free} },
	Step: func(state, in, out any) (bool, any) {
		next, ok := state.(account).step(in.(asked), out.(told))
		return ok, next
	},
	DescribeOperation: func(in, out any) string { return in.(asked).text() + ": " + out.(told).text() },
	DescribeState:     func(state any) string { return state.(account).text() },
}

func (in asked) text() string {
	return strings.Join(slices.DeleteFunc([]string{string(in.Act), in.User, shorten(in.Lease), map[bool]string{true: "wiped"}[in.Wiped],
		strings.TrimPrefix(in.By.String(), "0s")}, func(s string) bool { return s == "" }), " ")
}

func (out told) text() string {
	switch {
	case out.Unknown:
		return "?"
	case out.Code != "":
		return strings.TrimSpace(string(out.Code) + " " + out.Holder + time.Unix(out.Until, 0).UTC().Format(" until 15:04:05"))
	case out.Lease != "":
		return "lease " + shorten(out.Lease)
	}
	return fmt.Sprint("ok ", out.Ended, out.Leases)
}

func (a account) text() string {
	return strings.TrimSpace(string(a.Stage) + " " + a.User + " " + shorten(a.Lease))
}

// shorten keeps the end of an id: those of one moment begin alike.
func shorten(id string) string { return id[max(0, len(id)-6):] }
