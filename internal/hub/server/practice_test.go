package server_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
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

// The hub publishes the pack of the practice network by itself, each start anew but once, and says so in the audit log; it does
// not begin with a name that cannot be the practice network's.
func TestThePracticeNetworksPackIsPublishedByTheHub(t *testing.T) {
	c := config(t)
	c.Practice = "practice.example.com"
	for range 2 {
		s, err := server.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		packs, err := s.Hub.Store.Read(t.Context()).SitePacks()
		if err != nil || len(packs) != 1 || packs[0].Network != "site:practice.example.com" || packs[0].Version != 1 || packs[0].PublishedBy != "" {
			t.Errorf("published are %+v, %v", packs, err)
		}
		if p, err := packs[0].Open(s.Hub.SigningKey().Public().(ed25519.PublicKey)); err != nil || p.Title != "Practice network" {
			t.Errorf("the pack %q, %v", p.Title, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range []string{"practice.x.com", "hub.example"} {
		c.Practice, c.PublicURL = host, "https://hub.example"
		_, err := once(t, c)
		if refusal, ok := errors.AsType[*keyshift.Error](err); !ok || refusal.Code != keyshift.CodeFieldInvalid || !strings.Contains(refusal.Hint, "another name that leads to this hub") {
			t.Errorf("%s: %v, want a refusal that says what to do", host, err)
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
