package browsertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/until"
)

// Options say how to start a browser. The zero value of each field but Kind is fine.
type Options struct {
	Kind Kind
	// Internet is what the browser reaches; nil leaves it the real network, which tests do not want.
	Internet *Fixture
	// Profile is kept when the browser ends; empty is a fresh one that is deleted.
	Profile string
	// Home is the home folder of the process; empty is a fresh one that is deleted. Native hosts are looked for below it.
	Home string
	// Extension is the folder of an unpacked extension to load.
	Extension string
	// XPI is the packed form of Extension, which Firefox then keeps in its profile, with all that it stores; without it, Firefox
	// forgets an extension when it ends. Chromium keeps what an extension stored in any case.
	XPI string
	// Visible shows windows on the display of Env.
	Visible bool
	// Env is added to the environment, which otherwise has little but PATH.
	Env []string
	// Args are added to the command line.
	Args []string
}

// process is a browser that this package started.
type process struct {
	cmd     *exec.Cmd
	ended   chan struct{}
	folders []string // to delete afterwards
}

// Start starts a browser and waits until it can be driven.
func Start(o Options) (Browser, error) {
	program, err := Program(o.Kind)
	if err != nil {
		return nil, err
	}
	p := &process{ended: make(chan struct{})}
	if err := p.scratch(&o.Profile); err != nil {
		return nil, err
	}
	if err := p.scratch(&o.Home); err != nil {
		return nil, err
	}
	if err := p.start(program, o); err != nil {
		p.clean()
		return nil, err
	}
	b, err := attach(o.Kind, o.Profile, p)
	if err == nil && o.Extension != "" && o.XPI == "" && o.Kind == Firefox {
		_, err = b.Install(o.Extension)
	}
	if err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return b, nil
}

func (p *process) scratch(folder *string) (err error) {
	if *folder != "" {
		return nil
	}
	if *folder, err = os.MkdirTemp("", "keyshift-browser-"); err == nil {
		p.folders = append(p.folders, *folder)
	}
	return err
}

func (p *process) start(program string, o Options) error {
	if err := prepare(o); err != nil {
		return err
	}
	p.cmd = exec.Command(program, append(arguments(o), "about:blank")...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.Home, "LANG=C.UTF-8", "MOZ_CRASHREPORTER_DISABLE=1"}, o.Env...)
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", o.Kind, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ends is looked at by whoever ends it
		close(p.ended)
	}()
	return nil
}

// prepare writes what a browser reads at its start, and forgets the address of an earlier one in the same profile.
func prepare(o Options) error {
	_ = os.Remove(filepath.Join(o.Profile, addressFiles[o.Kind]))
	if o.Kind != Firefox {
		return nil
	}
	if err := os.MkdirAll(o.Profile, 0o700); err != nil {
		return fmt.Errorf("make profile: %w", err)
	}
	if o.XPI != "" {
		if err := keepExtension(o); err != nil {
			return fmt.Errorf("keep extension: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(o.Profile, "user.js"), []byte(firefoxPrefs(o)), 0o600)
}

// keepExtension puts the extension where Firefox looks for those of a profile.
func keepExtension(o Options) error {
	id, err := ExtensionID(Firefox, o.Extension)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(o.XPI)
	if err != nil {
		return err
	}
	folder := filepath.Join(o.Profile, "extensions")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, id+".xpi"), text, 0o600)
}

// arguments is the command line without the address to open.
func arguments(o Options) []string {
	if o.Kind == Firefox {
		return append(firefoxArguments(o), "--no-remote", "--profile", o.Profile)
	}
	return append(chromiumArguments(o), "--user-data-dir="+o.Profile)
}

// end waits until the process ended by itself.
func (p *process) end() error {
	select {
	case <-p.ended:
		p.clean()
		return nil
	case <-time.After(Patience):
		return errors.Join(errors.New("browser did not end by itself"), p.kill())
	}
}

func (p *process) kill() error {
	_ = p.cmd.Process.Kill() // it may be gone already
	select {
	case <-p.ended:
		p.clean()
		return nil
	case <-time.After(Patience):
		return errors.New("browser survives a kill")
	}
}

// clean deletes the scratch folders. Helpers of a browser that was killed write a little longer, so it is tried again.
func (p *process) clean() {
	for _, f := range p.folders {
		_ = poll("remove "+f, func() bool { return os.RemoveAll(f) == nil })
	}
}

// poll repeats look until it says yes or Patience is over.
func poll(what string, look func() bool) error { return until.True(what, Patience, look) }
