package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestPracticeNetworkIsServedBesideTheHub: under its own name, and only if somebody wants it.
func TestPracticeNetworkIsServedBesideTheHub(t *testing.T) {
	for practice, want := range map[string]string{"practice.example.com": "Practice network", "": "404"} {
		c := config(t)
		c.PlainHTTP, c.Practice = true, practice
		s, err := once(t, c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		if got := fetch(t, s.URL()+"/login", "practice.example.com"); !strings.Contains(got, want) {
			t.Errorf("with practice %q: %.200q, want %q", practice, got, want)
		}
		if got := fetch(t, s.URL()+"/login", ""); strings.Contains(got, "Practice network") {
			t.Error("the hub's own name leads to the practice network")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func fetch(t *testing.T, url, host string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status + " " + string(text)
}
