package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// windowProcess is keyshift-tray-ui as the resident starts it.
type windowProcess struct {
	program
	ask    io.WriteCloser
	answer *json.Decoder
}

func (d *trayDesk) openWindow() (*windowProcess, error) {
	w := &windowProcess{program: program{exec.Command(uiBinary, "--child", "--window", "home")}}
	w.cmd.Env = d.Env()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if w.ask, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	w.answer = json.NewDecoder(out)
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	return w, w.shown()
}

// shown waits until the process says that a window is there.
func (w *windowProcess) shown() error {
	var said json.RawMessage
	if err := w.answer.Decode(&said); err != nil {
		return fmt.Errorf("wait for window: %w", err)
	}
	return nil
}

// onScreen waits until a window with a title can be seen.
func (d *trayDesk) onScreen(title string) error {
	for start := time.Now(); time.Since(start) < time.Minute; pause(d.b.Context(), 2*time.Millisecond) {
		cmd := exec.Command("xdotool", "search", "--onlyvisible", "--name", title)
		cmd.Env = d.Env()
		if out, err := cmd.Output(); err == nil && strings.TrimSpace(string(out)) != "" {
			return nil
		}
	}
	return fmt.Errorf("no window %s", title)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func BenchmarkWindow(b *testing.B) {
	d := newTrayDesk(b)
	bare := d.buildBare("fynewindow")
	Run(b, Case{
		Group: "Tray", Name: "window", Note: "The home window: from the start of its process, and in a process that is warm, until it is on the screen; its memory a few seconds later. " +
			"Beside it a window of Fyne with one word. Drawn by Mesa in software.",
		Goals: []Goal{{Figure: "cold", AtMost: 800}, {Figure: "warm", AtMost: 150}, {Figure: "RSS", AtMost: 1.3, Of: Floor}},
		Subjects: []Subject{
			{Product, d.measureWindow},
			{Floor, func() ([]Figure, error) { return d.measureBare(bare) }},
		},
	})
}

func (d *trayDesk) measureWindow() ([]Figure, error) {
	start := time.Now()
	w, err := d.openWindow()
	if w != nil {
		defer w.stop()
	}
	if err == nil {
		err = d.onScreen("Keyshift")
	}
	if err != nil {
		return nil, err
	}
	cold := time.Since(start)
	pause(d.b.Context(), 3*time.Second)
	rss, err := w.status("VmRSS")
	start = time.Now()
	_, _ = io.WriteString(w.ask, `{"window":"settings"}`+"\n")
	if err == nil {
		err = w.shown()
	}
	return []Figure{{"cold", "ms", milliseconds(cold)}, {"warm", "ms", milliseconds(time.Since(start))}, {"RSS", "MiB", rss / 1024}}, err
}

func (d *trayDesk) measureBare(name string) ([]Figure, error) {
	p := &program{exec.Command(name)}
	p.cmd.Env = d.Env()
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	defer p.stop()
	if err := d.onScreen("bare window"); err != nil {
		return nil, err
	}
	cold := time.Since(start)
	pause(d.b.Context(), 3*time.Second)
	rss, err := p.status("VmRSS")
	return []Figure{{"cold", "ms", milliseconds(cold)}, {"RSS", "MiB", rss / 1024}}, err
}
