package systest

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Who the hub does not know is told the same as who signs wrongly: which devices exist is nobody's business, and a proxy
// that writes another id into a request must not get a signed "not trusted" for a device that is.
func TestAnUnknownDeviceIsNotToldFromAWrongKey(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	known := w.RawDevice(0, "dana")
	stranger, err := seal.DeriveKeys(seal.NewSeed())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(id string) error {
		c := known.Config
		c.DeviceID, c.Key = id, stranger.Signing()
		device := hubclient.NewDevice(c)
		defer device.Close()
		return askErr(t, device.Sync, &v1.SyncRequest{})
	}
	wrongKey, unknown := ask(known.ID), ask(string(keyshift.NewID(time.Now(), rand.Reader)))
	if keyshift.CodeOf(wrongKey) != keyshift.CodeBadSignature || wrongKey.Error() != unknown.Error() {
		t.Errorf("a wrong key: %v; an unknown device: %v; want bad_signature for both", wrongKey, unknown)
	}
}

// plainPost sends a body as it is and gives the stable code of the answer.
func (w *World) plainPost(path string, body io.Reader, headers map[string]string) string {
	w.t.Helper()
	s := w.Replica[0]
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, s.URL()+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	client := hubclient.NewHTTPClient(hubclient.Target{URL: s.URL(), TLSPin: s.Hub.TLSPin})
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("Keyshift-Code")
}

// unread is a body that tells when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// What nobody vouches for is not kept in memory, not even for a moment.
func TestABodyIsReadOnlyOfWhoMayAsk(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	for _, tt := range []struct{ name, path, code string }{
		{"no token", keyshiftv1connect.UserServiceListUsersProcedure, "token_invalid"},
		{"no signature", keyshiftv1connect.AgentServiceSyncProcedure, "bad_signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.path, unread{t})
			request.Header.Set("Content-Type", "application/json")
			w.Replica[0].API.ServeHTTP(answer, request)
			if code := answer.Header().Get("Keyshift-Code"); code != tt.code {
				t.Errorf("code = %q, want %q", code, tt.code)
			}
		})
	}
}

func TestAStrangersBodyIsShort(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	long := `{"code":"` + strings.Repeat("A", 20_000) + `"}`
	if code := w.plainPost(keyshiftv1connect.AuthServiceLoginProcedure, strings.NewReader(long), nil); code != "body_too_big" {
		t.Errorf("logging in with a long body: %q, want body_too_big", code)
	}
	token := map[string]string{"Authorization": "Bearer " + w.OwnerToken.Reveal()}
	if code := w.plainPost(keyshiftv1connect.UserServiceListUsersProcedure, strings.NewReader(`{"x":"`+strings.Repeat("A", 500_000)+`"}`), token); code != "" {
		t.Errorf("a user's long body: %q, want it read", code)
	}
	if code := w.plainPost(keyshiftv1connect.UserServiceListUsersProcedure, strings.NewReader(strings.Repeat(" ", 1<<20)+"{}"), token); code != "body_too_big" {
		t.Errorf("a body over 1 MiB: %q, want body_too_big", code)
	}
}

// The limit on nesting counts what arrives, so nothing may be unpacked behind it.
func TestACompressedRequestIsRefused(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, `{"x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}`); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{"Authorization": "Bearer " + w.OwnerToken.Reveal(), "Content-Encoding": "gzip"}
	if code := w.plainPost(keyshiftv1connect.UserServiceListUsersProcedure, &packed, headers); code != "body_invalid" {
		t.Errorf("nested a thousand times, compressed: %q, want body_invalid", code)
	}
}
