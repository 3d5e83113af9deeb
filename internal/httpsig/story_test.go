package httpsig

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"
)

// testHubServer answers signed requests with a signed 200 or 401, as the hub does.
func testHubServer(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		status, answer := http.StatusOK, append([]byte("seen: "), body...)
		parsed, err := ParseRequest(r)
		if err == nil {
			err = parsed.Verify(r, body, devicePub)
		}
		if err != nil || parsed.HubID != testHub {
			status, answer = http.StatusUnauthorized, []byte("bad_signature")
		}
		if err := SignResponse(w.Header(), status, answer, r, testHub, hubKey, time.Now()); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
		if _, err := w.Write(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// testProxy stands in front of the hub under another name.
func testProxy(t *testing.T, hub string, meddle func(*http.Request)) *httptest.Server {
	target, err := url.Parse(hub)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.SetXForwarded()
		meddle(p.Out)
	}})
	t.Cleanup(proxy.Close)
	return proxy
}

func send(t *testing.T, url, body string, seq uint64) (sent *http.Request, resp *http.Response, answer []byte) {
	t.Helper()
	sent, err := http.NewRequest("POST", url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if err := SignRequest(sent, []byte(body), testHub, requestKey(seq)); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err = client.Do(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return sent, resp, answer
}

func TestDeviceAndHubUnderstandEachOtherThroughAProxy(t *testing.T) {
	proxy := testProxy(t, testHubServer(t).URL, func(*http.Request) {})
	for _, path := range []string{"", "/", "/a/b?wait=1", "/a%2Fb%20c/%C3%A9?q=%20", "//a/../b/.", "/a?", "/a?b=%3F?c", "/a;b=c/d,e:f@g!h"} {
		before := time.Now()
		sent, resp, answer := send(t, proxy.URL+path, testBody, 1)
		if resp.StatusCode != 200 || string(answer) != "seen: "+testBody {
			t.Errorf("%q: %d %s", path, resp.StatusCode, answer)
		}
		hubTime, err := VerifyResponse(resp, answer, sent, testHub, hubPub)
		if err != nil || hubTime.Before(before.Truncate(time.Microsecond)) || hubTime.After(time.Now()) {
			t.Errorf("%q: answer's time %v, %v", path, hubTime, err)
		}
	}
}

func TestMeddlingProxyIsRefusedAndTheRefusalIsSigned(t *testing.T) {
	hub := testHubServer(t)
	for name, meddle := range map[string]func(*http.Request){
		"query":  func(r *http.Request) { r.URL.RawQuery = "wait=2" },
		"path":   func(r *http.Request) { r.URL.Path = "/x"; r.URL.RawPath = "" },
		"method": func(r *http.Request) { r.Method = "PUT" },
		"hub id": func(r *http.Request) { r.Header.Set(HeaderHub, "other") },
		"body": func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader([]byte("other")))
			r.ContentLength = 5
		},
	} {
		sent, resp, answer := send(t, testProxy(t, hub.URL, meddle).URL+"/a?wait=1", testBody, 1)
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s changed: status %d, want 401", name, resp.StatusCode)
		}
		// The refusal answers what arrived. Where that shows, the device notices.
		_, err := VerifyResponse(resp, answer, sent, testHub, hubPub)
		shows := name == "path" || name == "method"
		if shows != errors.Is(err, ErrBadSignature) {
			t.Errorf("%s changed: VerifyResponse: %v", name, err)
		}
	}
}

func TestRecordedAnswerIsUselessForTheNextRequest(t *testing.T) {
	hub := testHubServer(t)
	first, resp, answer := send(t, hub.URL+"/a", testBody, 1)
	second, _, _ := send(t, hub.URL+"/a", testBody, 2)
	if _, err := VerifyResponse(resp, answer, first, testHub, hubPub); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyResponse(resp, answer, second, testHub, hubPub); !errors.Is(err, ErrBadSignature) {
		t.Errorf("err = %v, want ErrBadSignature", err)
	}
}
