package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/light"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// Times to stop, together less than the 15 seconds that service managers give.
const (
	agentStop = 10 * time.Second
	apiStop   = 5 * time.Second
	watchStop = time.Second
)

// startedAfter is when what only starting needs is given back.
const startedAfter = time.Minute

type runCmd struct {
	Browser   string     `placeholder:"NAME" help:"Work browser: chromium, chrome, edge, brave, firefox, or the path of a program."`
	Extension string     `placeholder:"DIR" help:"Folder of the unpacked extension, for a work browser that has none by policy."`
	LogLevel  slog.Level `default:"info" placeholder:"LEVEL" help:"What to log to standard error: debug, info, warn or error."`
}

// AgentConfig is what an agent is made of, as far as the command line decides it.
type AgentConfig struct {
	StateDir   string
	RuntimeDir string
	Log        *slog.Logger
	Version    string
	// Socket is where the agent serves its local API.
	Socket string
	// Browser and Extension are for work browsers; see package browser.
	Browser, Extension string
}

// Run is the agent. It listens before anything else, because that is what makes it the only one.
func (cmd *runCmd) Run(ctx context.Context, inv *invocation) error {
	log := slog.New(slog.NewTextHandler(inv.Stderr, &slog.HandlerOptions{Level: cmd.LogLevel}))
	defer light.Stay(log, startedAfter, light.Some)()
	path, err := inv.socket()
	if err != nil {
		return err
	}
	var strangers strangers
	listener, err := listen(path, &strangers, log)
	if err != nil {
		inv.noteSquatter(path, err, log)
		return err
	}
	defer func() { _ = listener.Close() }()
	browsers, err := listen(ipc.BrowserPath(path), &strangers, log)
	if err != nil {
		return err
	}
	defer func() { _ = browsers.Close() }()
	agent, err := inv.makeAgent(path, log)
	if err != nil {
		return err
	}
	strangers.tell(agent)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server, err := localapi.New(agent, log, stop)
	if err != nil {
		return err
	}
	return inv.runParts(ctx, agent, server, listener, browsers, log)
}

func (inv *invocation) makeAgent(socket string, log *slog.Logger) (Agent, error) {
	dir, err := inv.stateDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, keyshift.Refuse(keyshift.CodeStorageReadonly, "The folder "+clean(dir)+" cannot be made.", "Give another one with --state-dir.").Because(err)
	}
	return inv.NewAgent(AgentConfig{
		StateDir: dir, RuntimeDir: filepath.Dir(socket), Log: log, Version: inv.Version().Version,
		Socket: socket, Browser: inv.grammar.Run.Browser, Extension: inv.grammar.Run.Extension,
	})
}

// runParts works until ctx ends.
func (inv *invocation) runParts(ctx context.Context, agent Agent, server *localapi.Server, l, browsers net.Listener, log *slog.Logger) error {
	notifier := service.Notifier{Socket: inv.Env("NOTIFY_SOCKET"), Watchdog: service.WatchdogLimit(inv.Env("WATCHDOG_USEC"), inv.Env("WATCHDOG_PID"), inv.PID)}
	parts := &actors{log: log}
	parts.add("agent", agentStop, agent.Run)
	parts.add("local API", apiStop, func(ctx context.Context) error { return serve(ctx, server, l) })
	parts.add("browsers", apiStop, func(ctx context.Context) error { return untilAsked(ctx, agent.ServeBrowsers(ctx, browsers)) })
	parts.add("watchdog", watchStop, func(ctx context.Context) error { return watchdog(ctx, notifier, l.Addr().String(), log) })
	log.Info("agent started", "version", inv.Version().Version, "socket", l.Addr().String())
	if err := notifier.Ready(); err != nil {
		log.Warn("service manager not told", "error", err.Error())
	}
	err := parts.run(ctx, func() {
		log.Info("agent stopping")
		_ = notifier.Stopping()
	})
	log.Info("agent stopped")
	return err
}

// untilAsked makes a part that ended without an error one that was asked to, if it was.
func untilAsked(ctx context.Context, err error) error {
	if err == nil {
		return ctx.Err()
	}
	return err
}

// watchdog tells the service manager that the agent lives, as long as it answers its own socket. A manager who cannot be
// told is no reason to end: it will act by itself.
func watchdog(ctx context.Context, notifier service.Notifier, socket string, log *slog.Logger) error {
	client := localclient.New(socket)
	err := notifier.Watch(ctx, func(ctx context.Context) error {
		_, err := client.Status(ctx)
		return err
	})
	if ctx.Err() == nil {
		log.Error("service manager not told", "error", err.Error())
		<-ctx.Done()
	}
	return ctx.Err()
}

// serve answers until ctx ends, and then lets the requests under way finish.
func serve(ctx context.Context, server *localapi.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), apiStop*4/5)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		return fmt.Errorf("stop local API: %w", err)
	}
	return <-done
}
