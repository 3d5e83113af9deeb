package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

func (r *resident) startAgent(ctx context.Context) error {
	return r.launchAgent(ctx, r.words(), r.agent.Path(), r.elsewhere)
}

// launchAgent starts the agent: as the service it was installed as, or else as a process of its own that outlives the
// tray. One that shall listen elsewhere than usual is told where.
func (p *Program) launchAgent(ctx context.Context, words i18n.Catalog, socket string, elsewhere bool) error {
	agent, err := p.agentProgram()
	if err != nil {
		return keyshift.Refuse(keyshift.CodeAgentNotRunning, words.Text("tray_agent_missing"), "").Because(err)
	}
	if !elsewhere && startService(ctx, agent) == nil {
		return nil
	}
	args := []string{"run"}
	if elsewhere {
		args = []string{"--socket", socket, "run"}
	}
	cmd := exec.Command(agent, args...) // #nosec G204 -- our own program
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start agent: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// serviceLimit is how long a service manager may take to start the agent.
const serviceLimit = 20 * time.Second

// startService starts the agent as the service that it was installed as.
func startService(ctx context.Context, agent string) error {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	return exec.CommandContext(ctx, agent, "start").Run() // #nosec G204 -- our own program
}

var errNoAgent = errors.New("keyshift-agent not found")

// agentProgram is the agent beside this program, or in the path.
func (p *Program) agentProgram() (string, error) {
	name := "keyshift-agent"
	if strings.HasSuffix(p.Executable, ".exe") {
		name += ".exe"
	}
	beside := filepath.Join(filepath.Dir(p.Executable), name)
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", errNoAgent
	}
	return found, nil
}

// meetAgent starts the agent if the first picture shows none, and says so. Later the menu offers it: somebody may have
// stopped the agent on purpose.
func (r *resident) meetAgent(ctx context.Context, first tray.Picture) {
	if first.Problem == nil || first.Problem.Code != keyshift.CodeAgentNotRunning {
		return
	}
	go func() {
		if err := r.startAgent(ctx); err != nil {
			r.log.Warn("agent not started", "error", err.Error())
			r.complain(ctx, err)
			return
		}
		r.log.Info("agent started")
		r.tell(ctx, tray.Notice{ID: "agent", Title: "Keyshift", Body: r.words().Text("tray_agent_started")})
	}()
}
