package systest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// stream opens a stream of a device and gives what comes on it and how it ends.
func (d *RawDevice) stream(ctx context.Context) (syncs chan bool, ended chan error) {
	syncs, ended = make(chan bool, 10), make(chan error, 1)
	go func() {
		_, err := d.Watch(ctx, func(sync bool) { syncs <- sync })
		ended <- err
	}()
	return syncs, ended
}

func TestStreams(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	device := w.RawDevice(0, "dana")
	connected := func() int { return w.Replica[0].Hub.Broker().Connected() }

	ctx, hangUp := context.WithCancel(t.Context())
	syncs, ended := device.stream(ctx)
	if !within(t, "the first message", syncs) {
		t.Error("the first message does not say sync")
	}
	w.Replica[0].Hub.Broker().WakeAll()
	if !within(t, "a push", syncs) {
		t.Error("the push does not say sync")
	}
	hangUp()
	within(t, "the end", ended)
	Eventually(t, "the hub forgets who hung up", func() bool { return connected() == 0 })

	var first, last chan error
	for i := range 5 {
		syncs, ended := device.stream(t.Context())
		within(t, "the beginning", syncs)
		if i == 0 {
			first = ended
		}
		last = ended
	}
	if err := within(t, "the end of the oldest stream", first); !errors.Is(err, io.EOF) {
		t.Errorf("the oldest of too many streams ended with %v, want EOF", err)
	}
	if connected() != 1 {
		t.Errorf("%d devices are connected, want 1", connected())
	}
	w.Stop()
	if err := within(t, "the end with the hub", last); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want EOF", err)
	}
}

func TestAStreamIsRefusedToWhoeverLeft(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	device := w.RawDevice(0, "dana")
	if _, _, err := hubclient.Ask(t.Context(), device.Unenroll, &v1.UnenrollRequest{RequestId: hubclient.NewRequestID()}); err != nil {
		t.Fatal(err)
	}
	if _, err := device.Watch(t.Context(), func(bool) {}); keyshift.CodeOf(err) != keyshift.CodeDeviceNotTrusted {
		t.Errorf("stream of an unenrolled device: %v, want device_not_trusted", err)
	}
}

// Whoever speaks JSON, such as a person with a script, gets the stream as well.
func TestAStreamInJSON(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	device := w.RawDevice(0, "dana")
	body := []byte("\x00\x00\x00\x00\x02{}")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Replica[0].URL()+keyshiftv1connect.AgentServiceWatchProcedure, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/connect+json")
	seq, _ := device.Config.Sequence()
	if err := httpsig.SignRequest(r, body, device.Config.Target.HubID, httpsig.RequestKey{DeviceID: device.ID, Seq: seq, Key: device.Keys.Signing(), Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // the hub's certificate is its own
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	message := make([]byte, len("\x00\x00\x00\x00\x0d{\"sync\":true}"))
	if _, err := io.ReadFull(resp.Body, message); err != nil || resp.StatusCode != http.StatusOK || !bytes.HasSuffix(message, []byte(`{"sync":true}`)) {
		t.Errorf("status %d, message %q, %v", resp.StatusCode, message, err)
	}
}

// within waits for one value.
func within[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(time.Minute):
		t.Fatalf("not within a minute: %s", what)
		panic("unreachable")
	}
}
