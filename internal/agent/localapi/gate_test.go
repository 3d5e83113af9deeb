//go:build linux || darwin

package localapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi"
	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/api"
)

const (
	statusRoute   = "/keyshift.v1.LocalService/GetStatus"
	checkOutRoute = "/keyshift.v1.LocalService/CheckOut"
)

func TestGate(t *testing.T) {
	big := strings.NewReplacer("$", strings.Repeat("x", localapi.MaxBody)).Replace(`{"account":"$"}`)
	deep := `{"account":"x","extra":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001)
	tests := []struct {
		name, method, route, body string
		header                    http.Header
		host                      string
		status                    int
		code                      string
	}{
		{name: "JSON", route: statusRoute, body: "{}", status: 200},
		{name: "Origin", route: statusRoute, body: "{}", header: http.Header{"Origin": {"https://x.com"}}, status: 403, code: "peer_refused"},
		{name: "empty Origin", route: statusRoute, body: "{}", header: http.Header{"Origin": {""}}, status: 403, code: "peer_refused"},
		{name: "Referer", route: statusRoute, body: "{}", header: http.Header{"Referer": {"https://x.com/"}}, status: 403, code: "peer_refused"},
		{name: "events for a page", method: "GET", route: "/events", header: http.Header{"Origin": {"null"}}, status: 403, code: "peer_refused"},
		{name: "stop for a page", route: "/stop", header: http.Header{"Origin": {"null"}}, status: 403, code: "peer_refused"},
		{name: "localhost", route: statusRoute, body: "{}", host: "localhost", status: 403, code: "peer_refused"},
		{name: "rebound name", route: statusRoute, body: "{}", host: "keyshift.local.example.com", status: 403, code: "peer_refused"},
		{name: "name with port", route: statusRoute, body: "{}", host: "keyshift.local:80", status: 403, code: "peer_refused"},
		{name: "no JSON", route: statusRoute, body: "hunter2", status: 400, code: "body_invalid"},
		{name: "empty body", route: statusRoute, status: 400, code: "body_invalid"},
		{name: "too big", route: checkOutRoute, body: big, status: 429, code: "body_too_big"},
		{name: "too deep", route: checkOutRoute, body: deep, status: 400, code: "body_invalid"},
		{name: "no such method", route: "/keyshift.v1.LocalService/Nothing", body: "{}", status: 404, code: "not_found"},
		{name: "no such route", route: "/debug/pprof/", body: "{}", status: 404, code: "not_found"},
		{name: "not the hub's", route: "/keyshift.v1.AdminService/ListUsers", body: "{}", status: 404, code: "not_found"},
		{name: "a form", route: checkOutRoute, body: "account=x", header: http.Header{"Content-Type": {"text/plain"}}, status: 415},
		{name: "read instead of written", method: "GET", route: checkOutRoute, status: 405},
	}
	client := dialer(t, localapitest.Serve(t, enrolled(), nil, nil))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), orPost(tt.method), "http://"+localapi.Host+tt.route, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = tt.host
			req.Header.Set("Content-Type", "application/json")
			for name, values := range tt.header {
				req.Header[name] = values
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != tt.status || res.Header.Get(api.CodeHeader) != tt.code {
				t.Errorf("got %d %q, %v, want %d %q: %s", res.StatusCode, res.Header.Get(api.CodeHeader), err, tt.status, tt.code, body)
			}
			if bytes.Contains(body, []byte("hunter2")) {
				t.Errorf("the answer repeats the request: %s", body)
			}
			if got := res.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
		})
	}
}

func orPost(method string) string {
	if method == "" {
		return http.MethodPost
	}
	return method
}

// TestUnknownPeerIsRefused serves a connection whose other end the kernel does not name.
func TestUnknownPeerIsRefused(t *testing.T) {
	f := enrolled()
	handler := localapitest.Handler(t, f)
	for _, route := range []string{statusRoute, checkOutRoute, "/events", "/stop"} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			req := httptest.NewRequestWithContext(t.Context(), method, "http://"+localapi.Host+route, strings.NewReader("{}"))
			res := httptest.NewRecorder()
			handler.ServeHTTP(res, req)
			if res.Code != http.StatusForbidden || res.Header().Get(api.CodeHeader) != "peer_refused" {
				t.Errorf("%s %s: got %d %q", method, route, res.Code, res.Header().Get(api.CodeHeader))
			}
		}
	}
	if calls := f.Calls(); len(calls) > 0 {
		t.Errorf("the agent was asked %v", calls)
	}
}

// intruders lists as whom a test can start a program: only root can start one as somebody else.
func intruders() map[int]string {
	list := map[int]string{os.Geteuid(): "answer 200"}
	if os.Geteuid() == 0 {
		list[54321] = "no answer"
	}
	return list
}

// TestOtherUsersGetNothing opens the socket to everybody, as one chmod by mistake would.
func TestOtherUsersGetNothing(t *testing.T) {
	path := localapitest.Serve(t, enrolled(), nil, nil)
	room := filepath.Dir(filepath.Dir(path))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(room, "part")
	err = errors.Join(os.WriteFile(exe, program, 0o755), os.Chmod(room, 0o755), os.Chmod(filepath.Dir(path), 0o755), os.Chmod(path, 0o666))
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range intruders() {
		cmd := exec.CommandContext(t.Context(), exe, "intrude", path)
		cmd.Dir = "/"
		if uid != os.Geteuid() {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		}
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("user %d: %q, %v, want %q", uid, got, err, want)
		}
	}
}

// intrude asks for the status with nothing of ours, and tells what came back.
func intrude(path string) {
	c, err := net.Dial("unix", path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.SetDeadline(time.Now().Add(longTime))
	_, _ = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", statusRoute, localapi.Host)
	got, _ := io.ReadAll(c)
	if fields := strings.Fields(string(got)); len(fields) > 1 {
		fmt.Println("answer", fields[1])
		return
	}
	fmt.Println("no answer")
}
