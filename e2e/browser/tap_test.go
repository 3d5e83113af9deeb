package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// These make of this test binary what stands between a browser and the native host: the socket of the tap, and the program
// of the native host.
const (
	tapVariable  = "KEYSHIFT_TEST_TAP"
	hostVariable = "KEYSHIFT_TEST_HOST"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(tapVariable); socket != "" {
		if err := standBetween(socket, os.Getenv(hostVariable), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The directions of a tapped line.
const (
	fromBrowser = 'b'
	fromAgent   = 'a'
)

// standBetween starts the real native host, and hands frames on both ways as the tap allows.
func standBetween(socket, host string, args []string) error {
	cmd := exec.Command(host, args...) //nolint:gosec // the test says which program
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- handOn(socket, fromBrowser, in, os.Stdin) }()
	go func() { ended <- handOn(socket, fromAgent, os.Stdout, out) }()
	err = <-ended
	_ = cmd.Process.Kill() // it may have ended
	_ = cmd.Wait()
	return err
}

// handOn hands frames on, each after the tap has seen it and let it go.
func handOn(socket string, direction byte, to io.Writer, from io.Reader) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{direction}); err != nil {
		return err
	}
	for {
		message, err := native.ReadFrame(from, nil)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = native.WriteFrame(conn, message)
		}
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 1))
		}
		if err == nil {
			err = native.WriteFrame(to, message)
		}
		if err != nil {
			return err
		}
	}
}

// tap sees all that the extension of one browser and the native host say to each other, and can keep back a value that is on
// its way to the browser.
type tap struct {
	*testing.T
	listener net.Listener

	mu      sync.Mutex
	asked   map[int64]bool         // questions for values without an answer, by number
	fills   map[string][]time.Time // when values were asked for, by lease
	reports []native.FillReport
	next    *kept
}

// kept is a value that the agent gave and the browser has not got.
type kept struct {
	there   chan struct{} // closed when it is on its way
	release chan struct{} // to be closed to let it go
}

func newTap(t *testing.T) *tap {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "tap"))
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{T: t, listener: l, asked: map[int64]bool{}, fills: map[string][]time.Time{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *tap) serve(conn net.Conn) {
	defer conn.Close()
	direction := make([]byte, 1)
	if _, err := io.ReadFull(conn, direction); err != nil {
		return
	}
	for {
		message, err := native.ReadFrame(conn, nil)
		if err != nil {
			return // the browser or the agent is gone
		}
		e, err := native.DecodeEnvelope(message)
		if err != nil {
			p.Errorf("not a message: %v", err)
			return
		}
		if k := p.see(direction[0], e); k != nil {
			close(k.there)
			<-k.release
		}
		if _, err := conn.Write([]byte{1}); err != nil {
			return
		}
	}
}

// see takes note of a message, and answers how it is kept back, if it is.
func (p *tap) see(direction byte, e native.Envelope) (k *kept) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if direction == fromBrowser {
		p.hear(e)
		return nil
	}
	if p.asked[e.ID] && e.Type == native.TypeOK {
		k, p.next = p.next, nil
	}
	delete(p.asked, e.ID)
	return k
}

// hear takes note of what the extension says. The caller holds mu.
func (p *tap) hear(e native.Envelope) {
	switch e.Type {
	case native.TypeHello:
		clear(p.asked)
	case native.TypeFillGet:
		var q native.FillGet
		p.decode(e.Body, &q)
		p.asked[e.ID] = true
		p.fills[q.LeaseID] = append(p.fills[q.LeaseID], time.Now())
	case native.TypeFillReport:
		var r native.FillReport
		p.decode(e.Body, &r)
		p.reports = append(p.reports, r)
	}
}

func (p *tap) decode(body json.RawMessage, into any) {
	if err := json.Unmarshal(body, into); err != nil {
		p.Errorf("decode: %v", err)
	}
}

// keepNext keeps back the next value until it is let go.
func (p *tap) keepNext() *kept {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = &kept{make(chan struct{}), make(chan struct{})}
	return p.next
}

// valuesAsked is how many values were asked for so far.
func (p *tap) valuesAsked() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, times := range p.fills {
		n += len(times)
	}
	return n
}

// asksOf are when values of a lease were asked for.
func (p *tap) asksOf(lease string) []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.fills[lease]...)
}

// reported are the outcomes of fills so far.
func (p *tap) reported() []native.FillReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]native.FillReport(nil), p.reports...)
}

// install puts the tap between browsers with this profile and home folder, and the native host of an agent's osUser.
func (p *tap) install(profile, home, host string, env []string) {
	p.Helper()
	program, err := os.Executable()
	p.must(err)
	var words []string
	for _, word := range append(env, tapVariable+"="+p.listener.Addr().String(), hostVariable+"="+host, program) {
		words = append(words, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
	}
	script := filepath.Join(p.TempDir(), "host")
	p.must(os.WriteFile(script, []byte("#!/bin/sh\nexec env "+strings.Join(words, " ")+" \"$@\"\n"), 0o700))
	for folder, who := range map[string][2]string{
		filepath.Join(profile, "NativeMessagingHosts"):         {"allowed_origins", "chrome-extension://" + extensionid.Chromium + "/"},
		filepath.Join(home, ".mozilla/native-messaging-hosts"): {"allowed_extensions", extensionid.Firefox},
	} {
		manifest, err := json.Marshal(map[string]any{"name": native.Name, "description": "tap", "path": script, "type": "stdio", who[0]: []string{who[1]}})
		p.must(err)
		p.must(os.MkdirAll(folder, 0o700))
		p.must(os.WriteFile(filepath.Join(folder, native.Name+".json"), manifest, 0o600))
	}
}

func (p *tap) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}
