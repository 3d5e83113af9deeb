package agent

import (
	"context"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// SyncNow asks the hub for news and acts on the answer before it returns.
func (a *Agent) SyncNow(ctx context.Context) error {
	select {
	case a.syncing <- struct{}{}:
		defer func() { <-a.syncing }()
	case <-ctx.Done():
		return givenUp(ctx.Err())
	}
	err := a.sync(ctx)
	changed := keyshift.CodeOf(err) != keyshift.CodeNotEnrolled && a.problems.set(fromAnswer, near(err))
	if changed || err == nil && a.pushed.Swap(false) {
		a.bell.ring()
	}
	return err
}

// near leaves out that the hub is out of reach, which is a problem of its own.
func near(err error) error {
	if keyshift.CodeOf(err) == keyshift.CodeHubUnreachable {
		return nil
	}
	return err
}

func (a *Agent) sync(ctx context.Context) error {
	l, s, err := a.talk(ctx)
	if err != nil {
		return err
	}
	question := &v1.SyncRequest{AgentVersion: a.cfg.Version, ReminderCounts: a.reminders.untold()}
	if err := l.witness.present(question, s.keys.Signing(), a.wall()); err != nil {
		return errCheckpoint.Because(err)
	}
	before := a.snapshot()
	answer, contact, err := a.askForNews(ctx, s, question)
	err = a.heard(err)
	if err != nil {
		a.obeyRefusal(err)
		return err
	}
	if l.ended.Err() != nil {
		return errNotEnrolled // unenrolled meanwhile
	}
	a.times.meet(contact)
	a.reconcile(before, answer, contact)
	a.takeOver(l, answer)
	a.takeBrowser(ctx, l, s, answer)
	if answer.GetReminderCountsTaken() {
		if err := a.reminders.told(question.GetReminderCounts()); err != nil {
			a.log.Error("write reminders", "error", err)
		}
	}
	if a.problems.set(fromWitness, l.witness.follow(question.GetCheckpoint(), answer)) {
		a.bell.ring()
	}
	return nil
}

// firstTry is how long a sync waits while something is lent before it tries another connection: the one that it has may
// only look alive, after sleep or in another network.
const firstTry = 3 * time.Second

func (a *Agent) askForNews(ctx context.Context, s *line, question *v1.SyncRequest) (*v1.SyncResponse, hubclient.Contact, error) {
	if a.online.Load() && len(a.journal.live()) > 0 {
		quick, cancel := context.WithTimeout(ctx, firstTry)
		defer cancel()
		answer, contact, err := hubclient.Ask(quick, s.hub.Sync, question)
		if quick.Err() == nil || err == nil {
			return answer, contact, err
		}
	}
	return hubclient.Ask(ctx, s.hub.Sync, question)
}

// obeyRefusal ends everything when the hub says, signed, that it does not trust the device or its user any more.
func (a *Agent) obeyRefusal(err error) {
	switch keyshift.CodeOf(err) {
	case keyshift.CodeDeviceNotTrusted, keyshift.CodeUserInactive:
		a.endAll()
	}
}

// takeOver keeps what an answer says besides leases.
func (a *Agent) takeOver(l *link, answer *v1.SyncResponse) {
	a.times.setPace(pace{StaleAfter: answer.GetStaleAfter().AsDuration(), SyncEvery: answer.GetSyncEvery().AsDuration()})
	a.keepTime()
	if err := a.takeReminders(answer); err != nil {
		a.log.Error("take over reminders", "error", err)
	}
	if d, changed := l.rename(answer.GetHubName(), answer.GetUser()); changed {
		if err := writeDevice(a.files, d); err != nil {
			a.log.Error("write device file", "error", err)
		}
		a.bell.ring()
	}
}

// keepTime writes the last contact down while something depends on it.
func (a *Agent) keepTime() {
	if len(a.journal.live()) == 0 {
		return
	}
	if err := a.times.keep(); err != nil {
		a.log.Error("write time file", "error", err)
	}
}

// inContact hears every signed answer of the hub.
func (a *Agent) inContact(c hubclient.Contact) {
	a.times.hear(c)
	came := !a.online.Swap(true)
	if came {
		a.cameBack.Store(true)
		poke(a.reached)
	}
	if a.problems.set(fromDistance, nil) || came {
		a.hurryReports()
		a.bell.ring()
	}
}

// heard takes note when there was no answer of the hub, and gives the error with what that means for who works now.
func (a *Agent) heard(err error) error {
	switch keyshift.CodeOf(err) {
	case keyshift.CodeHubUnreachable, keyshift.CodeHubIdentityChanged:
		err = a.untilWhen(err)
		went := a.online.Swap(false)
		if a.problems.set(fromDistance, err) || went {
			a.bell.ring()
		}
	}
	return err
}

// hurryReports sends what waited for the hub.
func (a *Agent) hurryReports() {
	for _, rec := range a.journal.all() {
		if rec.Phase == wiped {
			a.wiper.hurry(rec.RequestID)
		}
	}
	poke(a.wipeSoon)
	poke(a.callerCame)
	poke(a.outSoon)
	poke(a.closedSoon)
}

// keepInTouch talks to the hub for as long as there is one.
func (a *Agent) keepInTouch(ctx context.Context) {
	for ctx.Err() == nil {
		if l := a.link.Load(); l != nil {
			a.serve(ctx, l)
		}
		select {
		case <-a.relinked:
		case <-ctx.Done():
		}
	}
}

// serve keeps in touch over one link.
func (a *Agent) serve(ctx context.Context, l *link) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ended, cancel)()
	defer l.idle()
	if !a.openLink(ctx, l) {
		return
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		a.watch(ctx, l)
	}()
	a.finishCheckOuts(ctx)
	a.keepSyncing(ctx)
	<-watched
}

// openLink waits for the keyring to give the device key. It asks less and less often, because each time may show a
// prompt; whatever the user does in between asks too.
func (a *Agent) openLink(ctx context.Context, l *link) bool {
	for wait := 2 * time.Second; ; wait = min(2*wait, 5*time.Minute) {
		_, err := l.talk(ctx)
		if err == nil || ctx.Err() != nil {
			return err == nil
		}
		if a.problems.set(fromAnswer, err) {
			a.bell.ring()
		}
		a.pause(ctx, wait)
	}
}

// pause waits, and less if there is a reason to ask the hub.
func (a *Agent) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.askSoon:
	case <-ctx.Done():
	}
}

// keepSyncing syncs at the hub's pace, on each push, and with growing waits while the hub is out of reach.
func (a *Agent) keepSyncing(ctx context.Context) {
	waits := a.newWaits()
	for ctx.Err() == nil {
		a.pause(ctx, a.syncAndWait(ctx, waits))
	}
}

// syncAndWait syncs and tells how long to wait before the next time.
func (a *Agent) syncAndWait(ctx context.Context, w *waits) time.Duration {
	if a.times.behind() { // the hub may not answer now
		a.keepTime()
	}
	if err := a.SyncNow(ctx); err != nil {
		return w.next()
	}
	w.reset()
	if l := a.link.Load(); l != nil && len(a.journal.live()) == 0 {
		if !a.cameBack.Swap(false) { // then it listens now, over this connection, and asks again
			l.idle() // nobody needs the connection until the next time
		}
		a.rest()
	}
	return a.syncInterval()
}

func (a *Agent) rest() {
	if a.cfg.AtRest != nil {
		a.cfg.AtRest()
	}
}

// waits are how long to wait for a hub that is out of reach.
type waits struct {
	calm, anxious hubclient.Backoff
	hurried       func() bool
}

func (a *Agent) newWaits() *waits {
	return &waits{
		calm:    hubclient.Backoff{First: 30 * time.Second, Max: 60 * time.Second, Spread: a.cfg.Spread},
		anxious: hubclient.Backoff{First: 2 * time.Second, Max: 8 * time.Second, Spread: a.cfg.Spread},
		hurried: a.hurried,
	}
}

// hurried reports whether the offline grace of something runs that can still be used. After five minutes nothing is shown
// or filled, so an agent comes back like all others then: many who lost a hub for long would be too many at once.
func (a *Agent) hurried() bool {
	return len(a.journal.live()) > 0 && a.times.trust() != v1.Trust_TRUST_STALE
}

func (w *waits) next() time.Duration {
	if w.hurried() {
		return w.anxious.Next()
	}
	return w.calm.Next()
}

func (w *waits) reset() {
	w.calm.Reset()
	w.anxious.Reset()
}

// minInterval is the shortest time between syncs, for leases with a very short offline grace.
const minInterval = 3 * time.Second

// paceFor is how often a lease wants syncs: three in its offline grace.
func (a *Agent) paceFor(rec record) time.Duration { return max(rec.term().grace()/3, minInterval) }

// calmPaces is how many times slower than the hub's pace an agent asks that holds nothing: no push can be lost that takes
// something away, and a stream tells the rest.
const calmPaces = 4

// syncInterval is the hub's pace, or that of the lease with the shortest offline grace. While something is lent, all of it
// lies below, with time for two tries: a lost push has to heal within the pace. While nothing is, it is four times the pace,
// spread by a fifth around it.
func (a *Agent) syncInterval() time.Duration {
	every, live := a.times.state().Pace.SyncEvery, a.journal.live()
	for _, rec := range live {
		if rec.Phase == active {
			every = min(every, a.paceFor(rec))
		}
	}
	longest, spread := every-every/6, every/6
	if len(live) == 0 {
		every *= calmPaces
		longest, spread = every+every/5, 2*every/5
	}
	return longest - a.cfg.Spread(spread+1)
}
