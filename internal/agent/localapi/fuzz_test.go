//go:build linux || darwin

package localapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi"
	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/ipc"
)

// peerContext is the context of requests of a program of this user.
func peerContext(f *testing.F) context.Context {
	f.Helper()
	l, err := ipc.Listen(localapitest.Socket(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	client, err := ipc.Dial(f.Context(), l.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Close() })
	served, err := l.Accept()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = served.Close() })
	return ipc.ConnContext(context.Background(), served)
}

const service = "/keyshift.v1.LocalService/"

// FuzzRequest looks for a request that a local program or a web page could send and that breaks the server, reaches the
// agent though it must not or as something else than it says, or gets something secret out of an error or into the log.
func FuzzRequest(f *testing.F) {
	peer := peerContext(f)
	deep := strings.Repeat(`{"account":`, 40) + `""` + strings.Repeat("}", 40)
	for _, seed := range []struct{ path, contentType, host, header, body string }{
		{service + "GetStatus", "application/json", localapi.Host, "", "{}"},
		{service + "CheckOut", "application/json", localapi.Host, "", `{"account":"x/acme","reason":"launch","duration":"3600s","requestId":"r1"}`},
		{service + "CheckOut", "application/proto", localapi.Host, "", "\x0a\x06x/acme\x12\x06launch\x1a\x03\x08\x90\x1c"},
		{service + "CheckOut", "application/proto", localapi.Host, "", "\x1a\xff\xff\xff\xff\x0f"},
		{service + "CheckOut", "application/json", localapi.Host, "", deep},
		{service + "Reveal", "application/json", localapi.Host, "Origin", `{"lease":"l1"}`},
		{service + "Reveal", "application/json", "evil.example", "", `{"lease":"l1"}`},
		{service + "Reveal", "text/plain", localapi.Host, "Referer", `{"lease":"l1"}`},
		{service + "Enroll", "application/json", localapi.Host, "", `{"code":"keyshift1-AAAA","deviceName":"\u0000"}`},
		{service + "Renew", "application/json", localapi.Host, "", `{"lease":"l1","duration":"-9223372036854775808s"}`},
		{service + "Nothing", "application/json", localapi.Host, "Content-Encoding", "{}"},
		{"/stop", "", localapi.Host, "Origin", ""},
	} {
		f.Add(seed.path, seed.contentType, seed.host, seed.header, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, path, contentType, host, header string, body []byte) {
		target, err := url.Parse("http://" + localapi.Host + path)
		if err != nil || target.Path == "/events" {
			return // no server ever sees it, or it goes on for ever
		}
		agent, log := enrolled(), &bytes.Buffer{}
		server, err := localapi.New(agent, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), func() {})
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{
			Method: http.MethodPost, URL: target, Host: host, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {contentType}}, RequestURI: target.RequestURI(),
		}
		if header != "" {
			r.Header.Set(header, "x")
		}
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, r.WithContext(peer))
		judge(t, r, body, w, agent, log.String())
	})
}

func judge(t *testing.T, r *http.Request, body []byte, w *httptest.ResponseRecorder, agent *localapitest.Fake, log string) {
	t.Helper()
	const password = "hunter2-canary"
	asked := len(agent.Calls())
	_, origin := r.Header["Origin"]
	_, referer := r.Header["Referer"]
	switch {
	case strings.Contains(log, "panicked"):
		t.Fatalf("a panic: %s", log)
	case w.Code >= 500 && w.Code != http.StatusNotImplemented && w.Code != http.StatusServiceUnavailable:
		t.Fatalf("answered %d %s", w.Code, w.Body)
	case asked > 1 || asked == 1 && (r.Host != localapi.Host || origin || referer || len(body) > localapi.MaxBody):
		t.Fatalf("%s reached the agent %d times with host %q and headers %v", r.URL.Path, asked, r.Host, r.Header)
	case strings.Contains(log, password) || w.Code != http.StatusOK && strings.Contains(w.Body.String(), password):
		t.Fatal("the password is where it must not be")
	case w.Code >= 400 && w.Code != http.StatusUnsupportedMediaType && w.Header().Get(api.CodeHeader) == "" && asked > 0:
		t.Fatalf("an error of the agent without a code: %d %v", w.Code, w.Header())
	}
	if asked == 1 {
		sameArgs(t, r.Header.Get("Content-Type"), body, agent.Calls()[0])
	}
}

// sameArgs checks that the agent was asked what the body says, as a plain decoder of the library reads it.
func sameArgs(t *testing.T, contentType string, body []byte, call localapitest.Call) {
	t.Helper()
	if call.Args == nil || call.Method == "Enroll" { // of which the fake keeps no code
		return
	}
	want := call.Args.ProtoReflect().New().Interface()
	err := fmt.Errorf("the type %q", contentType)
	switch contentType = strings.ToLower(contentType); {
	case strings.HasPrefix(contentType, "application/json"):
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, want)
		if len(body) == 0 {
			err = nil
		}
	case strings.HasPrefix(contentType, "application/proto"):
		err = proto.Unmarshal(body, want)
	}
	asDurations(want)
	if err != nil || !proto.Equal(want, call.Args) {
		t.Fatalf("%s was asked %v, the body says %v, %v", call.Method, call.Args, want, err)
	}
}

// asDurations writes durations as the agent gets them: none is zero, and what is too long for Go the longest that it has.
func asDurations(message proto.Message) {
	switch m := message.(type) {
	case *v1.LocalServiceRenewRequest:
		m.Duration = durationpb.New(m.GetDuration().AsDuration())
	case *v1.LocalServicePauseRemindersRequest:
		m.Duration = durationpb.New(m.GetDuration().AsDuration())
	}
}
