// Package server puts a hub together and runs it: store, key-encryption key, audit tree, wake-ups, API and TLS, as named
// actors that end together. A person's program and the tests of the whole system start the same one.
package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/hub/rpc"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/hub/wakeup"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Server is a hub that is ready to run.
type Server struct {
	Hub *hub.Hub
	// API is what is served, without TLS.
	API *rpc.Server

	config    Config
	clock     *hub.SteadyClock
	store     *store.Store
	sequencer *audit.Sequencer
	waker     wakeup.Waker
	listener  net.Listener
	tls       *tls.Config
	fatal     chan error
	// async is whether the database's standby followed asynchronously when somebody looked last.
	async atomic.Bool
}

// Open opens everything and listens, but serves nothing yet. It refuses to start, and says why, with a key that does
// not fit the database, a schema that is newer than the program, or a damaged database.
func Open(ctx context.Context, c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	steady := c.steady()
	c.Clock = steady.Now
	s := &Server{config: c, clock: steady, fatal: make(chan error, 1)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	if err := s.openStore(ctx); err != nil {
		return err
	}
	vault, err := openVault(ctx, s.config, s.store)
	if err != nil {
		return err
	}
	s.sequencer = audit.NewSequencer(s.store, s.config.Log)
	s.Hub, err = hub.Open(ctx, hub.Options{
		Store: s.store, Vault: vault, Tree: s.sequencer, Clock: s.clock.Now, ClockOff: s.clockOff, Random: rand.Reader, Log: s.config.Log, Limits: s.config.Limits, Version: s.config.Version,
	}, s.config.Name)
	if err != nil {
		return err
	}
	s.sequencer.Use(s.Hub.ID(), s.Hub.SigningKey())
	if err := s.verifyNewest(ctx); err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.openAPI(); err != nil {
		return err
	}
	return s.openPractice(ctx)
}

// steady gives the clock of a hub that is served.
func (c Config) steady() *hub.SteadyClock {
	if c.Clock == nil {
		return hub.NewSteadyClock(time.Now)
	}
	return hub.NewSteadyClock(c.Clock)
}

// clockOff compares the clock with what it showed before, and with the database's.
func (s *Server) clockOff(ctx context.Context) (time.Duration, error) {
	if behind := s.clock.Behind(); behind > time.Second {
		return -behind, nil
	}
	return s.store.ClockAhead(ctx)
}

// OpenStore opens the database of a configuration; migrate brings an older schema up to date.
func OpenStore(ctx context.Context, c Config, migrate bool) (*store.Store, error) {
	return store.Open(ctx, c.storeOptions(migrate))
}

func (c Config) storeOptions(migrate bool) store.Options {
	database := c.Database
	if database == "" {
		database = c.sqlitePath()
	}
	return store.Options{Database: database, ReserveFile: c.reservePath(), Migrate: migrate, Clock: c.Clock, Random: rand.Reader}
}

func (s *Server) openStore(ctx context.Context) error {
	if err := os.MkdirAll(s.config.DataDir, 0o700); err != nil {
		return fmt.Errorf("create data directory: %w", err)
	}
	options := s.config.storeOptions(true)
	options.OnFatal = func(err error) { s.fatal <- err }
	options.OnCommit = func(rows []hub.OutboxRow) { s.waker.Committed(rows) }
	var err error
	s.store, err = store.Open(ctx, options)
	return err
}

// openVault reads the key file. Only a database that has no hub yet gets a new one: a missing key must not be replaced.
func openVault(ctx context.Context, c Config, st *store.Store) (*hub.FileVault, error) {
	_, err := os.Stat(c.KEKFile)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := st.Read(ctx).Hub(); !errors.Is(err, keyshift.ErrNotFound) {
			return nil, errors.Join(err, keyshift.Refuse(keyshift.CodeIntegrityFailed, "The key-encryption key "+c.KEKFile+" is not there, but the database has a hub.",
				"Bring the file back, or name it with --kek-file. Without it nothing in the database can be opened."))
		}
		if err := kek.Create(c.KEKFile); err != nil {
			return nil, fmt.Errorf("create key-encryption key: %w", err)
		}
	}
	return hub.OpenVault(c.KEKFile, c.DataDir)
}

// newestEvents is how much of the audit log is verified at each start.
const newestEvents = 1000

func (s *Server) verifyNewest(ctx context.Context) error {
	report, err := audit.VerifyNewest(ctx, s.store.Read(ctx), audit.Trust{HubID: s.Hub.ID(), PublicKey: publicKey(s.Hub)}, newestEvents)
	if err != nil {
		return fmt.Errorf("verify audit log: %s: %w", report.Text(), err)
	}
	return nil
}

func (s *Server) listen(ctx context.Context) error {
	var listen net.ListenConfig
	var err error
	if s.listener, err = listen.Listen(ctx, "tcp", s.config.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := s.config.checkPlain(s.listener.Addr()); err != nil {
		return err
	}
	if s.Hub.PublicURL, err = s.config.publicURL(s.listener.Addr()); err != nil {
		return err
	}
	switch {
	case s.config.PlainHTTP:
		s.listener = proxied{s.listener, s.config.Proxies}
		return nil
	case s.config.CertFile != "":
		certificate, err := tls.LoadX509KeyPair(s.config.CertFile, s.config.KeyFile)
		if err != nil {
			return err
		}
		s.tls, err = serverTLS(certificate, s.clock.Now)
		return err
	}
	certificate, err := ownCertificate(ctx, s.Hub)
	if err != nil {
		return err
	}
	s.Hub.TLSPin = pin(certificate)
	s.tls, err = serverTLS(certificate, s.clock.Now)
	return err
}

func (s *Server) openAPI() error {
	var err error
	s.API, err = rpc.New(rpc.Options{
		Hub: s.Hub, Log: s.config.Log, Proxies: s.config.Proxies, Engine: s.store.Engine(), SchemaVersion: store.NewestSchema, StorageFull: s.store.StorageFull, StandbyAsync: s.standbyAsync,
		Export: func(ctx context.Context, write func([]byte) error) error {
			return audit.Export(ctx, s.store.Read(ctx), writerFunc(write))
		},
	})
	s.waker = s.newWaker()
	return err
}

type writerFunc func([]byte) error

func (f writerFunc) Write(p []byte) (int, error) { return len(p), f(p) }

// URL is where devices reach the hub.
func (s *Server) URL() string { return s.Hub.PublicURL }

// Stats gives the figures of the write path.
func (s *Server) Stats() store.Stats { return s.store.Stats() }

// KeyText is the hub's key as an agent shows it before it enrolls, for people to compare.
func (s *Server) KeyText() string { return keyshift.KeyText(publicKey(s.Hub)) }

// stopWithin is how long open requests may take to end.
const stopWithin = 5 * time.Second

// Run serves until ctx ends or a part fails, and then ends all parts. It returns what failed.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	actor := func(name string, run func(context.Context) error) {
		group.Go(func() error {
			err := run(ctx)
			s.config.Log.Debug("stopped", "part", name, "error", err)
			if err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	actor("hub", s.Hub.Run)
	actor("audit", s.sequencer.Run)
	actor("wake-up", s.waker.Run)
	actor("api", s.serve)
	actor("standby", s.watchStandby)
	actor("first owner", s.forgetCode)
	actor("store", func(ctx context.Context) error {
		select {
		case err := <-s.fatal:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	return group.Wait()
}

func (s *Server) serve(ctx context.Context) error {
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	server := &http.Server{
		Handler: s.handler(), TLSConfig: s.tls, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return streams },
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true) // a stream costs a third less than over HTTP/2
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		endStreams()
		s.API.Close()
		stopped <- shutDown(context.WithoutCancel(ctx), server)
	}()
	var err error
	if s.tls == nil { // then everybody comes from the proxy
		err = server.Serve(s.listener)
	} else {
		err = server.ServeTLS(newDoor(s.listener, mostOf(openFiles()), s.config.Log), "", "")
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// shutDown waits for open requests, and cuts off who takes longer or never asked anything.
func shutDown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

func serverTLS(certificate tls.Certificate, now func() time.Time) (*tls.Config, error) {
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	t, err := newTickets(certificate.PrivateKey, config, now)
	if err != nil {
		return nil, err
	}
	door := config.Clone()
	door.GetConfigForClient = inTurn(t.forClient)
	return door, nil
}

// Close gives everything back that Open took. It is called once, after Run or instead of it.
func (s *Server) Close() error {
	var err error
	if s.listener != nil {
		if err = s.listener.Close(); errors.Is(err, net.ErrClosed) {
			err = nil
		}
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}

func (s *Server) newWaker() wakeup.Waker {
	if s.config.Database != "" {
		return wakeup.Replicas(store.NewBus(s.config.Database, "keyshift_wakeup"), store.MaxPayload, s.store, s.Hub.Broker(), s.config.Log, s.config.Clock)
	}
	return wakeup.Memory(s.store, s.Hub.Broker(), s.config.Log, s.config.Clock)
}
