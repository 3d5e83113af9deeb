package crash

import (
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// line is one act of a story about the account, between two moments in seconds.
type line struct {
	from, to int64
	asked
	told
}

const second = int64(1e6)

func (l line) operation(client int) porcupine.Operation {
	l.From, l.To = l.from*second, l.to*second
	if l.Unknown {
		l.to = forever
	}
	return porcupine.Operation{ClientId: client, Input: l.asked, Output: l.told, Call: l.from, Return: l.to}
}

func user(name string, a act) asked { return asked{Act: a, User: name, Lease: name + "'s"} }

// grants is the answer to a check-out at a moment, in seconds.
func grants(name string, at int64) told {
	return told{Lease: name + "'s", Start: at * second, ActivateBy: (at + 60) * second, Ends: (at + 600) * second}
}

func refuses(holder string, until int64) told {
	return told{Code: keyshift.CodeAccountInUse, Holder: holder, Until: until}
}

var (
	ok      = told{}
	isOver  = told{Code: keyshift.CodeLeaseOver}
	unknown = told{Unknown: true}
)

func wiping(name string) asked {
	in := user(name, giveBack)
	in.Wiped = true
	return in
}

func TestTheSpecificationTakesWhatIsRightAndNothingElse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		right bool
		lines []line
	}{
		{"two holders at once", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{0, 2, user("lee", checkOut), grants("lee", 1)},
		}},
		{"one holder, the other hears of it", true, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{0, 2, user("lee", checkOut), refuses("dana", 601)},
		}},
		{"a holder that nobody is", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{0, 2, user("lee", checkOut), refuses("alice", 601)},
		}},
		{"another end than the holder's", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, user("lee", checkOut), refuses("dana", 721)},
		}},
		{"refused although it was given back before", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, wiping("dana"), ok},
			{5, 6, user("lee", checkOut), refuses("dana", 601)},
		}},
		{"lent after a wipe", true, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, wiping("dana"), ok},
			{4, 6, user("lee", checkOut), grants("lee", 5)},
		}},
		{"lent after a check-in without a wipe", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, user("dana", giveBack), ok},
			{5, 6, user("lee", checkOut), grants("lee", 5)},
		}},
		{"lent after a revocation that nobody confirmed", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 1}},
			{5, 6, user("lee", checkOut), grants("lee", 5)},
		}},
		{"lent after a revocation and a rotation", true, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 1}},
			{5, 6, asked{Act: rotate}, ok},
			{7, 8, user("lee", checkOut), grants("lee", 7)},
		}},
		{"a revocation that ended nothing", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 0}},
		}},
		{"lent a moment before the margin is over", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, user("dana", activate), ok},
			{719, 723, user("lee", checkOut), grants("lee", 720)},
		}},
		{"lent when the margin is over", true, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, user("dana", activate), ok},
			{719, 723, user("lee", checkOut), grants("lee", 721)},
		}},
		{"lent after a lapse and its margin", true, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{181, 182, user("lee", checkOut), grants("lee", 181)},
		}},
		{"used after a lapse", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{70, 71, user("dana", activate), ok},
		}},
		{"used after a revocation", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 1}},
			{5, 6, user("dana", activate), ok},
		}},
		{"refused although it is live", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{5, 6, user("dana", activate), isOver},
		}},
		{"shown to its device after a revocation", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 1}},
			{5, 6, asked{Act: look, User: "dana"}, told{Leases: []string{"dana's"}}},
		}},
		{"a revocation that was undone", false, []line{
			{0, 2, user("dana", checkOut), grants("dana", 1)},
			{3, 4, asked{Act: revoke}, told{Ended: 1}},
			{5, 6, asked{Act: revoke}, told{Ended: 1}},
		}},
		{"a request that was lost and did happen", true, []line{
			{0, 2, user("dana", checkOut), unknown},
			{3, 4, user("lee", checkOut), refuses("dana", 601)},
		}},
		{"a request that was lost and did not happen", true, []line{
			{0, 2, user("dana", checkOut), unknown},
			{3, 4, user("lee", checkOut), grants("lee", 3)},
		}},
		{"a request that was lost and happened beside another", false, []line{
			{0, 2, user("dana", checkOut), unknown},
			{3, 4, user("lee", checkOut), grants("lee", 3)},
			{5, 6, asked{Act: look, User: "dana"}, told{Leases: []string{"dana's"}}},
		}},
	} {
		h := newHistory()
		for client, l := range tt.lines {
			h.done = append(h.done, l.operation(client))
		}
		h.done = append(h.done, line{9000, 9001, asked{Act: over}, ok}.operation(0))
		got := porcupine.CheckOperationsTimeout(model, h.done, patience)
		if want := map[bool]porcupine.CheckResult{true: porcupine.Ok, false: porcupine.Illegal}[tt.right]; got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
	}
}

// Without the index that keeps accounts exclusive, two of those who ask at once get the account, and porcupine says so.
func TestAHubWithoutItsIndexIsFoundOut(t *testing.T) {
	s := newScene(t)
	testpg.Exec(t, s.dsn, "DROP INDEX leases_holds")
	for n := range 20 {
		s.fuse.Store(0)
		for i, d := range s.devices {
			d.lead(i % len(s.hubs))
		}
		s.together(s.devices, func(_ int, d *device) { d.checkOut(t, s.account) })
		v := s.history.judge(t, t.TempDir)
		if v.CheckResult == porcupine.Illegal {
			return
		}
		t.Logf("round %d is %s", n, v.CheckResult)
		s.history.done = nil
		s.revokes()
		s.rotates()
		s.history.done = nil
	}
	t.Error("nobody noticed that the index is not there")
}
