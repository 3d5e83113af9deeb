package systest

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/agent/browser"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// companion is a desk whose agent answers browsers.
type companion struct {
	*Desk
	browser.Whole
	path string
	now  func() time.Time
	end  func()
}

// withBrowsers lets the agent of a desk answer browsers.
func withBrowsers(t *testing.T, d *Desk, w browser.Work) *companion {
	t.Helper()
	dir, err := os.MkdirTemp("", "ks") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &companion{Desk: d, path: filepath.Join(dir, "k", "browser.sock"), now: time.Now}
	c.listen(t, w)
	return c
}

func (c *companion) listen(t *testing.T, w browser.Work) {
	t.Helper()
	server, err := browser.New(browser.Config{
		Engine: c.Desk.Agent, Notes: c.Desk.Agent, Relay: c.Desk.Agent, Packs: c.Desk.Agent.Packs(), Work: w, Log: slog.New(slog.DiscardHandler), Random: rand.Reader, Version: "test",
		Now: func() time.Time { return c.now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ipc.Listen(c.path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	c.Whole = browser.Whole{Agent: c.Desk.Agent, Browsers: server}
	c.end = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve browsers: %v", err)
		}
		c.end = func() {}
	}
	t.Cleanup(func() { c.end() })
}

// extension connects a profile.
func (c *companion) extension(t *testing.T, key *ecdsa.PrivateKey) *Extension {
	t.Helper()
	conn, err := ipc.Dial(t.Context(), c.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return NewExtension(t, conn, key)
}

// paired connects a profile that the user said yes to.
func (c *companion) paired(t *testing.T) *Extension {
	t.Helper()
	x := c.extension(t, nil)
	x.Hello(native.ModeSameProfile)
	var code native.PairCode
	if err := x.Ask(native.TypePairBegin, native.Empty{}, &code); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AnswerPairing(code.Code, true); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the profile hears that it is paired", func() bool { return len(x.Events(native.TypePairDone)) == 1 })
	return x
}

func wantRefused(t *testing.T, what string, err error, want native.Code) {
	t.Helper()
	if got := Code(err); got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// newCompanion is a company with one account, and a computer of the user who may use it.
func newCompanion(t *testing.T) (*World, *companion) {
	t.Helper()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	return w, withBrowsers(t, w.Desk(0, "dana"), nil)
}

const xOrigin = "https://x.com"

func TestUnpairedProfileHearsNothing(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	x := c.extension(t, nil)
	wantRefused(t, "before hello", x.Ask(native.TypeStateGet, native.Empty{}, nil), native.CodeBadMessage)
	if got := x.Hello(native.ModeSameProfile); got.Paired || got.Challenge == "" || len(got.Packs) != 4 {
		t.Errorf("welcome %+v", got)
	}
	for _, r := range native.Requests() {
		if r.Unpaired {
			continue
		}
		wantRefused(t, r.Type, x.Ask(r.Type, r.Body, nil), native.CodeNotPaired)
	}
	_, err := x.Fill(l.GetId(), native.FieldPassword, xOrigin)
	wantRefused(t, "a signed request", err, native.CodeNotPaired)
	if got := x.Events(native.TypeState); len(got) > 0 {
		t.Errorf("it was told %s", got)
	}
}

func TestPairingNeedsTheUser(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	x := c.extension(t, nil)
	x.Hello(native.ModeSameProfile)
	var code native.PairCode
	if err := x.Ask(native.TypePairBegin, native.Empty{}, &code); err != nil || len(code.Code) != 6 {
		t.Fatalf("got %+v, %v", code, err)
	}
	if _, err := c.AnswerPairing("0"+code.Code[:5], true); err == nil && code.Code != "0"+code.Code[:5] {
		t.Error("a wrong code was taken")
	}
	shown := c.Status().GetBrowsers()
	if len(shown) != 1 || shown[0].GetCode() != code.Code || shown[0].GetPaired() || !shown[0].GetConnected() {
		t.Errorf("the tray is shown %v", shown)
	}
	if _, err := c.AnswerPairing(code.Code, false); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "after no", x.Ask(native.TypeStateGet, native.Empty{}, nil), native.CodeNotPaired)
	if _, err := c.AnswerPairing(code.Code, true); err == nil {
		t.Error("a code was used twice")
	}
	paired := c.paired(t)
	if err := paired.Ask(native.TypeStateGet, native.Empty{}, nil); err != nil {
		t.Errorf("after yes: %v", err)
	}
	again := c.extension(t, paired.Key)
	if !again.Hello(native.ModeSameProfile).Paired {
		t.Error("a new connection of the profile is not paired")
	}
	if err := c.ForgetBrowserProfile(c.BrowserProfiles()[0].GetId()); err != nil {
		t.Fatal(err)
	}
	if c.extension(t, paired.Key).Hello(native.ModeSameProfile).Paired {
		t.Error("a forgotten profile is paired")
	}
}

func TestFillStory(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	Eventually(t, "the profile hears of the lease", func() bool { return len(x.State().Leases) == 1 })
	if got := x.State().Leases[0]; got.ID != l.GetId() || got.Handle != "acme" || got.Mode != native.AccessSharedSecret || !slices.Contains(got.Hosts, "x.com") || !got.HasCode {
		t.Errorf("lease %+v", got)
	}
	for field, want := range map[native.Field]string{native.FieldUsername: "acme", native.FieldPassword: Password} {
		if got, err := x.Fill(l.GetId(), field, xOrigin); err != nil || got.Value != want || got.TTLMS != 5000 {
			t.Errorf("%s: got %+v, %v", field, got, err)
		}
	}
	if got, err := x.Fill(l.GetId(), native.FieldCode, xOrigin); err != nil || len(got.Value) != 6 {
		t.Errorf("code: got %+v, %v", got, err)
	}
	if err := x.Ask(native.TypeSessionBegan, native.SessionBegan{LeaseID: l.GetId(), Verified: true}, nil); err != nil {
		t.Error(err)
	}
	if _, err := c.CheckIn(t.Context(), l.GetId()); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the profile hears of the end", func() bool {
		return len(x.Events(native.TypeLeaseEnded)) == 1 && len(x.State().Leases) == 0 && len(x.State().Ended) == 1
	})
	if got := x.State().Ended[0]; got.ID != l.GetId() || !slices.Contains(got.CookieDomains, "x.com") {
		t.Errorf("owed %+v", got)
	}
	removed := func() v1.RemovalStep { return w.Leases()[0].GetRemoval().GetStep() }
	Eventually(t, "the secret is wiped", func() bool { return removed() == v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED })
	clean := native.CleanupDone{LeaseID: l.GetId(), Cookies: 3, Origins: 1, LeftOver: 1, SignOut: native.SignOutDone, MS: 80}
	if err := x.Ask(native.TypeCleanupDone, clean, nil); err != nil {
		t.Error(err)
	}
	if got := x.Ask(native.TypeFillGet, native.Empty{}, nil); Code(got) != native.CodeBadMessage {
		t.Errorf("got %v", got)
	}
	if removed() != v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED || len(x.State().Ended) != 1 {
		t.Error("something was left over, and the session counts as closed")
	}
	clean.LeftOver = 0
	if err := x.Ask(native.TypeCleanupDone, clean, nil); err != nil {
		t.Error(err)
	}
	Eventually(t, "access is removed", func() bool { return removed() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED })
	Eventually(t, "nothing is owed", func() bool { return len(x.State().Ended) == 0 })
	_, err := x.Fill(l.GetId(), native.FieldPassword, xOrigin)
	wantRefused(t, "after the end", err, native.CodeNoLease)
}

// TestFillIsRefused is A15 as far as the agent goes: it believes nothing that the extension says of a page.
func TestFillIsRefused(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	clock := time.Now()
	c.now = func() time.Time { return clock }
	good := native.FillGet{LeaseID: l.GetId(), Field: native.FieldPassword, Origin: xOrigin, TopOrigin: xOrigin, DocumentID: "D1", PackVersion: 1, Gesture: native.GesturePopup}
	ask := func(change func(*native.FillGet)) error {
		clock = clock.Add(time.Minute)
		q := good
		change(&q)
		_, err := x.FillWith(x.NextID(), q)
		return err
	}
	if err := ask(func(*native.FillGet) {}); err != nil {
		t.Fatalf("a good request: %v", err)
	}
	for _, origin := range []string{
		"http://x.com", "https://evil-x.com", "https://x.com.login-portal.example", "https://sub.x.com", "https://xn--x-7sb.com", "https://x.com:8443",
		"https://facebook.com", "null", "https://X.com", "https://x.com.", "chrome-extension://abc", "https://[::1]",
	} {
		wantRefused(t, origin, ask(func(q *native.FillGet) { q.Origin, q.TopOrigin = origin, origin }), native.CodeOriginRefused)
	}
	for _, origin := range []string{"https://dana@x.com", "https://x.com/login", "javascript:1", "x.com", ""} {
		wantRefused(t, origin, ask(func(q *native.FillGet) { q.Origin, q.TopOrigin = origin, origin }), native.CodeBadMessage)
	}
	wantRefused(t, "a frame", ask(func(q *native.FillGet) { q.TopOrigin = "https://stranger.example" }), native.CodeFrameRefused)
	wantRefused(t, "a frame of a sibling", ask(func(q *native.FillGet) { q.TopOrigin = "https://twitter.com" }), native.CodeFrameRefused)
	wantRefused(t, "open, and nobody opened", ask(func(q *native.FillGet) { q.Gesture = native.GestureOpen }), native.CodeRefused)
	wantRefused(t, "another lease", ask(func(q *native.FillGet) { q.LeaseID = "acme" }), native.CodeNoLease)
	id := x.NextID()
	q := good
	q.Signature = x.Sign(native.SignedFill(x.Welcome.Challenge, id+1, q))
	wantRefused(t, "the number of another request", x.AskAs(id, native.TypeFillGet, q, nil), native.CodeBadSignature)
	wantRefused(t, "a number that was used", x.AskAs(id, native.TypeFillGet, q, nil), native.CodeBadMessage)
	q.Origin, q.TopOrigin = "https://twitter.com", "https://twitter.com"
	id = x.NextID()
	q.Signature = x.Sign(native.SignedFill(x.Welcome.Challenge, id, good))
	wantRefused(t, "what was signed for another page", x.AskAs(id, native.TypeFillGet, q, nil), native.CodeBadSignature)
	other := c.extension(t, x.Key)
	other.Hello(native.ModeSameProfile)
	id = other.NextID()
	q = good
	q.Signature = x.Sign(native.SignedFill(x.Welcome.Challenge, id, q))
	wantRefused(t, "the challenge of another connection", other.AskAs(id, native.TypeFillGet, q, nil), native.CodeBadSignature)
}

func TestSixValuesAMinute(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	clock := time.Now()
	c.now = func() time.Time { return clock }
	for range 6 {
		if _, err := x.Fill(l.GetId(), native.FieldUsername, xOrigin); err != nil {
			t.Fatal(err)
		}
	}
	_, err := x.Fill(l.GetId(), native.FieldUsername, xOrigin)
	wantRefused(t, "the seventh", err, native.CodeRateLimited)
	second := c.extension(t, x.Key)
	second.Hello(native.ModeSameProfile)
	_, err = second.Fill(l.GetId(), native.FieldUsername, xOrigin)
	wantRefused(t, "over another connection", err, native.CodeRateLimited)
	clock = clock.Add(time.Minute)
	if _, err := x.Fill(l.GetId(), native.FieldUsername, xOrigin); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// TestAgentKilledBeforeTheBrowserIsClean: what is owed is on the disk.
func TestAgentKilledBeforeTheBrowserIsClean(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	if _, err := x.Fill(l.GetId(), native.FieldPassword, xOrigin); err != nil {
		t.Fatal(err)
	}
	Do(t, w.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: l.GetId()}, Reason: "over"})
	Eventually(t, "the secret is wiped", func() bool {
		return w.Leases()[0].GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED
	})
	if w.Leases()[0].GetRemoval().GetBrowserPending() {
		t.Error("a browser that is there counts as missing")
	}
	c.end()
	Eventually(t, "the hub knows that the browser is missing", func() bool { return w.Leases()[0].GetRemoval().GetBrowserPending() })
	c.Desk.Stop()
	c.Desk.Start()
	c.listen(t, nil)
	again := c.extension(t, x.Key)
	again.Hello(native.ModeSameProfile)
	Eventually(t, "the profile hears what it owes", func() bool { return len(again.State().Ended) == 1 })
	if got := c.BrowserProfiles(); len(got) != 1 || !slices.Equal(got[0].GetOwes(), []string{"@acme"}) {
		t.Errorf("profiles %v", got)
	}
	if err := again.Ask(native.TypeCleanupDone, native.CleanupDone{LeaseID: l.GetId(), SignOut: native.SignOutNotPossible}, nil); err != nil {
		t.Error(err)
	}
	Eventually(t, "access is removed", func() bool {
		return w.Leases()[0].GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
	})
}

func TestGuardsAndDraftsAreNoted(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	hits := []native.DraftHit{{Class: native.DraftPhone, Count: 2}, {Class: native.DraftIBAN, Count: 1}}
	for kind, body := range map[string]any{
		native.TypeGuardHit:     native.GuardHit{LeaseID: l.GetId(), PageClass: native.PagePassword},
		native.TypeDraftChecked: native.DraftChecked{LeaseID: l.GetId(), Hits: hits, Action: native.DraftWarned},
		native.TypeIdentitySeen: native.IdentitySeen{LeaseID: l.GetId(), Relation: native.RelationPersonal},
	} {
		if err := x.Ask(kind, body, nil); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if err := x.Ask(native.TypeDraftChecked, native.DraftChecked{LeaseID: l.GetId(), Hits: []native.DraftHit{}, Action: native.DraftAllowed}, nil); err != nil {
		t.Error(err)
	}
	noted := func() map[string]string {
		got := map[string]string{}
		for e, err := range w.Owner.EachEvent(t.Context(), hubclient.EventFilter{LeaseID: l.GetId()}) {
			if err != nil {
				t.Fatal(err)
			}
			if a := e.GetAction(); a == "lease.guard_hit" || a == "lease.draft_checked" {
				got[a] = fmt.Sprint(e.GetDetails())
			}
		}
		return got
	}
	Eventually(t, "both are in the audit log", func() bool { return len(noted()) == 2 })
	want := map[string]string{"lease.guard_hit": "map[allowed:false class:password]", "lease.draft_checked": "map[iban:1 phone:2]"}
	if diff := cmp.Diff(want, noted()); diff != "" {
		t.Error(diff)
	}
	wantRefused(t, "of no lease", x.Ask(native.TypeGuardHit, native.GuardHit{LeaseID: "none", PageClass: native.PagePassword}, nil), native.CodeNoLease)
}

// TestRelayedCodeIsFilledOnce: a code that somebody else received comes to the page that asked for it.
func TestRelayedCodeIsFilledOnce(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	w.AddUser("lee")
	lee := w.Desk(0, "lee")
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	ask := func(origin string) error {
		return x.Ask(native.TypeRelayAsk, native.RelayAsk{LeaseID: l.GetId(), Origin: origin}, nil)
	}
	wantRefused(t, "on another page", ask("https://evil-x.com"), native.CodeOriginRefused)
	wantRefused(t, "without a custodian", ask(xOrigin), native.CodeNoCustodian)
	Do(t, w.Owner.Browser.AddCustodian, &v1.AddCustodianRequest{Account: "x/acme", User: "lee"})
	if err := ask(xOrigin); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the custodian is asked", func() bool { return len(lee.Agent.RelayRequests()) == 1 })
	if err := lee.Agent.AnswerRelay(t.Context(), "", "246810"); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the profile hears of the code", func() bool { return len(x.Events(native.TypeCodeReady)) == 1 })
	if got, err := x.Fill(l.GetId(), native.FieldCode, xOrigin); err != nil || got.Value != "246810" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := x.Fill(l.GetId(), native.FieldCode, xOrigin); err == nil && got.Value == "246810" {
		t.Error("the code was given twice")
	}
}

func TestNothingOfAFillIsOnTheDisk(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	x := c.paired(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	if _, err := x.Fill(l.GetId(), native.FieldPassword, xOrigin); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(c.Desk.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), Password) {
			t.Errorf("%s has the password", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
