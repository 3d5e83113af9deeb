// Package agent is the engine on an employee's computer: it enrolls, syncs with the hub, checks accounts out and in,
// watches every deadline, and wipes. It runs as the osUser, opens no port, and fails closed: what it cannot check
// it does not use.
//
// # What lies where
//
// The device seed is in the keyring as "device:<hub id>". A lent secret is in two halves (package secretstore): the
// ciphertext in the keyring, its key in a file. Everything else is in the state folder, for this user only, and
// written so that a crash leaves the old or the new:
//
//	device.json        which hub, which device; written last when enrolling, removed last when unenrolling
//	leases/ID.json     one record for each check-out, by its request id: the journal
//	leases/ID.key      the key of its secret
//	time.json          the last signed word of the hub about the time, and the highest ever
//	sequence           how far the numbers of signed requests are reserved
//	callers.json       how many local callers of other OS users were refused, until the hub has heard it
//	reminders.json     what was reminded of, and when people work
//	settings.json      what the user has chosen for this device
//	sent.json          in words, what left this device
//	outbox.json        what the user has to tell the hub and the hub does not have yet; what was read
//	browser.json       which ended leases browsers have not confirmed to be clean of
//	browsers.json      the browser profiles that were paired (package browser)
//	packs.json         site packs and insider words of the hub (package packs)
//	checkpoints.json   the newest checkpoint of the hub's audit log, and a few older ones
//
// # The life of a lease
//
// A record goes through requested, active, ending, keyless and wiped, and is gone once the hub has heard that the secret is.
// Each step is written before the next begins, and on the disk before anything is stored. After a crash anywhere the record
// says what remains: ask again with the same request id if there is time, otherwise wipe. A power cut may take a record that
// has asked for a lease and stored nothing: what the hub knows and the device does not is given back.
//
// What waits for somebody else happens beside each other: the hub is asked while the record and the key file come to the
// disk, and it is told that this device has the secret while the keyring stores the other half. None of that lets the
// secret be used: that is for active, which is written when all of it is done. What was not, is given back.
//
// # Time
//
// A lease ends at the first of: its time by boot time, its end by the wall clock, its offline grace without contact, and
// the hub's word. A contact is a signed answer that says which leases are valid; it counts from when it was asked for,
// so that nobody can make it look younger by holding it back. Nothing is shown when the last contact is five minutes old,
// when the clock is off, or before the first contact after the computer was started anew. All of it is judged at
// every use, and each second while a lease is live; while none is, nothing ticks.
//
// # The hub's word
//
// The agent is level-triggered: a push only says "ask", and each answer lists all that is valid. What is not listed is
// over. A lease has an epoch that only grows, so an older answer changes nothing.
package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keyshift-hq/keyshift/internal/agent/packs"
	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/presence"
)

// Ring is the OS keyring, as package osring has it.
type Ring = secretstore.Ring

// Files is a folder, as package secretstore has it.
type Files = secretstore.Files

// Config says with what an agent works. StateDir, Ring, Clock, Random and Log are required.
type Config struct {
	// StateDir is the state folder. It is made if it is missing, and closed to everybody else.
	StateDir string
	Ring     Ring
	Clock    bootclock.Clock
	Random   io.Reader
	Log      *slog.Logger
	// Version is what the agent says of itself.
	Version string
	// HTTP gives the client for a hub; nil is the real one.
	HTTP func(hubclient.Target) *http.Client
	// RuntimeDir is where the local socket is, for the texts of Diagnose; it may be empty.
	RuntimeDir string
	// Home is where Diagnose looks for browsers; empty is the home folder of the osUser.
	Home string
	// Folder gives the state folder as "." and the one of the leases as "leases"; nil has them on the disk at StateDir.
	Folder func(name string) (Files, error)
	// Spread gives a random time of at least 0 and less than most, so that many agents do not all come at once; nil draws it.
	Spread func(most time.Duration) time.Duration
	// Desk tells whether somebody would see a reminder; nil is a user who is always there.
	Desk Desk
	// AtRest is called after a sync while nothing is held: minutes may pass before the agent does something again. It may be nil.
	AtRest func()
}

// Desk is the screen, as package presence has it.
type Desk interface {
	Look(ctx context.Context) presence.State
	// Changes gets a value after something may have changed. Not every system tells.
	Changes() <-chan struct{}
}

// manned is a desk at which somebody sits.
type manned struct{}

func (manned) Look(context.Context) presence.State { return presence.State{} }
func (manned) Changes() <-chan struct{}            { return nil }

// Agent is the engine. Make it with [New] and let it [Agent.Run]. It is safe for concurrent use.
type Agent struct {
	cfg       Config
	log       *slog.Logger
	files     files
	journal   *journal
	vault     *secretstore.Store
	times     *timekeeper
	sequence  *sequence
	callers   *callers
	reminders *reminders
	settings  *settings
	sent      *ledger
	outbox    *outbox
	sessions  *sessions
	packs     *packs.Store
	companion companion
	relays    relays
	bell      *bell
	deskBell  *bell // rings when the user may have come or gone
	problems  *problems
	link      atomic.Pointer[link]
	damaged   atomic.Bool // the device file is there and cannot be read
	online    atomic.Bool
	// cameBack is set when the hub is heard again, until the sync after that is over.
	cameBack atomic.Bool
	pushed   atomic.Bool // the hub had news, and nobody was told yet
	lock     io.Closer

	enrolling  chan struct{} // full while somebody enrolls or unenrolls
	syncing    chan struct{} // full while a sync is under way
	relinked   chan struct{} // a link came
	askSoon    chan struct{} // sync now
	reached    chan struct{} // the hub is there again, for the next stream
	liveSoon   chan struct{} // a lease came or went
	wipeSoon   chan struct{} // there is something to wipe or to tell
	newLease   chan struct{} // a lease came: listen for news of it
	forgetSoon chan struct{} // a secret was in memory
	outSoon    chan struct{} // there is something in the outbox, or the hub is there again
	sending    chan struct{} // full while the outbox is sent
	closedSoon chan struct{} // a browser confirmed, a wipe was told, or the hub is there again
	callerCame chan struct{} // somebody was refused, or the hub is there again
	wiper      wiper
	oneByOne   bool // see Steps
}

// New opens the state folder, reads what is there, and sorts out what a crash or a restart left. It does not touch the
// network. Only one agent at a time has a folder: another gets already_exists. Run or Close gives it free.
func New(cfg Config) (*Agent, error) {
	if cfg.Folder != nil {
		return newIn(cfg)
	}
	state, err := openFolder(cfg.StateDir)
	if err != nil {
		return nil, folderError(cfg.StateDir, err)
	}
	lock, err := lockFile(filepath.Join(cfg.StateDir, lockName))
	if err != nil {
		return nil, folderError(cfg.StateDir, fmt.Errorf("lock state folder: %w", err))
	}
	leases, err := state.below("leases")
	if err != nil {
		return nil, errors.Join(folderError(cfg.StateDir, err), lock.Close())
	}
	a, err := open(cfg, state, leases)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	a.lock = lock
	return a, nil
}

// newIn makes an agent in folders that are nobody else's.
func newIn(cfg Config) (*Agent, error) {
	state, err := cfg.Folder(".")
	if err != nil {
		return nil, fmt.Errorf("open state folder: %w", err)
	}
	leases, err := cfg.Folder("leases")
	if err != nil {
		return nil, fmt.Errorf("open lease folder: %w", err)
	}
	return open(cfg, state, leases)
}

// open makes an agent on two folders.
func open(cfg Config, state, leases files) (*Agent, error) {
	if cfg.Spread == nil {
		cfg.Spread = hubclient.Spread
	}
	if cfg.Desk == nil {
		cfg.Desk = manned{}
	}
	a := idle(cfg, state, leases)
	d, err := readDevice(state)
	if err != nil {
		a.log.Error("read enrollment", "error", err)
		a.damaged.Store(true) // without its hub, everything that is lent ends now
	}
	if err := a.openState(state, d); err != nil {
		return nil, err
	}
	if d != nil {
		a.link.Store(newLink(*d, openWitness(state, *d), a.openLine))
	}
	var broken []string
	if a.journal, broken, err = openJournal(leases, a.log, a.leasesChanged); err != nil {
		return nil, err
	}
	if a.journal.foreign {
		a.NoteRefused(keyshift.CallerSquatter)
	}
	return a, a.takeStock(broken)
}

// idle is an agent that has read nothing yet.
func idle(cfg Config, state, leases files) *Agent {
	a := &Agent{
		cfg: cfg, log: cfg.Log, files: state, vault: secretstore.New(leases, cfg.Ring), bell: newBell(), deskBell: newBell(), problems: newProblems(),
		enrolling: make(chan struct{}, 1), syncing: make(chan struct{}, 1), relinked: make(chan struct{}, 1), askSoon: make(chan struct{}, 1),
		reached:  make(chan struct{}, 1),
		liveSoon: make(chan struct{}, 1), wipeSoon: make(chan struct{}, 1), newLease: make(chan struct{}, 1), callerCame: make(chan struct{}, 1),
		outSoon: make(chan struct{}, 1), sending: make(chan struct{}, 1),
		forgetSoon: make(chan struct{}, 1), closedSoon: make(chan struct{}, 1),
	}
	a.wiper.spread = cfg.Spread
	a.vault.Beside = a.beside
	a.sequence = &sequence{files: state, wall: a.wall}
	return a
}

// openState reads what the agent keeps for itself, in the order in which one needs the other. It ends at the first that cannot be read.
func (a *Agent) openState(state files, d *device) error {
	for _, open := range []func() error{
		func() (err error) { a.times, err = openTimekeeper(a.cfg.Clock, state); return err },
		func() (err error) { a.callers, err = openCallers(state); return err },
		func() (err error) { a.reminders, err = openReminders(state); return err },
		func() (err error) { a.settings, err = openSettings(state); return err },
		func() (err error) { a.sent, err = openLedger(state, a.wall()); return err },
		func() (err error) { a.outbox, err = openOutbox(state); return err },
		func() (err error) { a.sessions, err = openSessions(state); return err },
		func() (err error) { a.packs, err = openPacks(state, d, a.log); return err },
	} {
		if err := open(); err != nil {
			return err
		}
	}
	return nil
}

// Close writes down what is not yet on the disk and gives the state folder free. It is needed only when Run is not called.
func (a *Agent) Close() error {
	err := errors.Join(a.callers.save(), a.sent.save())
	if a.lock == nil {
		return err
	}
	return errors.Join(err, a.lock.Close())
}

// Run keeps the agent's promises until ctx ends: it syncs, watches for news, ends leases in time, and repeats wipes
// and reports until they succeed. It returns nil after ctx. What is under way then is taken up by the next New.
func (a *Agent) Run(ctx context.Context) error {
	defer a.Close()
	group, ctx := errgroup.WithContext(ctx)
	for _, actor := range []func(context.Context){a.keepInTouch, a.watchDeadlines, a.keepWiping, a.tellOfCallers, a.keepForgetting, a.remind, a.keepLedger, a.tellHub, a.tellSessions, a.hearDesk, a.watchUnattended} {
		group.Go(func() error { actor(ctx); return nil })
	}
	return group.Wait()
}

// Subscribe gives a channel that gets a value after something changed that Status or Leases show. Changes that
// nobody has taken notice of yet melt into one value. cancel ends it; the channel is never closed.
func (a *Agent) Subscribe() (changes <-chan struct{}, cancel func()) { return a.bell.listen() }

// leasesChanged wakes whoever depends on the journal.
func (a *Agent) leasesChanged() {
	poke(a.liveSoon)
	a.bell.ring()
}

// wall is the wall clock, for ids.
func (a *Agent) wall() time.Time {
	now, err := a.cfg.Clock.Read()
	if err != nil {
		return time.Now()
	}
	return now.Wall
}

func (a *Agent) newID() string { return string(keyshift.NewID(a.wall(), a.cfg.Random)) }
