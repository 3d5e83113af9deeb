package browsertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Attach drives a browser that somebody else started through a [Launcher], and waits until it is there.
func Attach(k Kind, profile string) (Browser, error) { return attach(k, profile, nil) }

// attach connects to the browser of a profile. Without a process the browser is somebody else's child.
func attach(k Kind, profile string, p *process) (Browser, error) {
	address, err := awaitAddress(k, profile, p)
	if err != nil {
		return nil, fmt.Errorf("attach to %s: %w", k, err)
	}
	if k == Firefox {
		return attachFirefox(address, profile, p)
	}
	return attachChromium(address, profile, p)
}

// awaitAddress reads the address at which a browser can be driven, as soon as the browser has written it.
func awaitAddress(k Kind, profile string, p *process) (address string, err error) {
	gone := false
	late := poll("the browser says where it is driven", func() bool {
		text, _ := os.ReadFile(filepath.Join(profile, addressFiles[k])) // not there yet
		address, err = parseAddress(k, text)
		gone = p != nil && closed(p.ended)
		return err == nil || gone
	})
	if gone {
		return "", ErrGone
	}
	return address, errors.Join(late, err)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func parseAddress(k Kind, text []byte) (string, error) {
	if k == Firefox {
		var at struct {
			Host string `json:"ws_host"`
			Port int    `json:"ws_port"`
		}
		if err := json.Unmarshal(text, &at); err != nil || at.Port == 0 {
			return "", errors.Join(errors.New("no address of WebDriver BiDi"), err)
		}
		return fmt.Sprintf("ws://%s:%d/session", at.Host, at.Port), nil
	}
	port, path, two := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !two {
		return "", errors.New("no address of DevTools")
	}
	return "ws://127.0.0.1:" + port + path, nil
}

// foreign ends a process that is not our child.
type foreign int

func (pid foreign) gone() bool {
	p, err := os.FindProcess(int(pid))
	return err != nil || p.Signal(syscall.Signal(0)) != nil || isZombie(int(pid))
}

func (pid foreign) end() error { return poll("the browser ended", pid.gone) }

func (pid foreign) kill() error {
	if p, err := os.FindProcess(int(pid)); err == nil {
		_ = p.Kill() // it may be gone already
	}
	return pid.end()
}

// isZombie tells whether the process ended, and only its parent has not heard yet.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z")
}

// ender is how a browser's process is ended.
type ender interface {
	end() error
	kill() error
}

func enderOf(p *process, pid int) ender {
	if p != nil {
		return p
	}
	return foreign(pid)
}
