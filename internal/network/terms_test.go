package network

import (
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// The gate asks the domain, the risk acceptance the data: they have to agree.
func TestEveryNetworkHasTermsThatFitItsRule(t *testing.T) {
	for _, n := range keyshift.Networks() {
		got := TermsOf(n)
		if _, forbids := Clause(n); forbids != n.ForbidsSharing() {
			t.Errorf("%s: a clause forbids sharing = %v, the domain says %v", n, forbids, n.ForbidsSharing())
		}
		if _, err := time.Parse(time.DateOnly, got.ArchivedAt); err != nil || got.Document == "" || got.URL == "" || got.Archive == "" {
			t.Errorf("%s: terms have no usable source: %+v", n, got)
		}
	}
}

func TestTheHashNamesTheClause(t *testing.T) {
	a, _ := Clause(keyshift.Facebook)
	b, _ := Clause(keyshift.Pinterest)
	if a.Hash() == b.Hash() || len(a.Hash()) != 64 {
		t.Errorf("hashes = %q and %q, want two different SHA-256", a.Hash(), b.Hash())
	}
}

func TestEveryNetworkHasThreePlainLinesInEveryLanguage(t *testing.T) {
	for _, n := range keyshift.Networks() {
		lines := TermsOf(n).Lines
		if len(lines) != 3 {
			t.Errorf("%s has %d lines, want 3", n, len(lines))
		}
		for _, language := range i18n.Languages() {
			for _, key := range lines {
				if text := i18n.For(language).Text(key); strings.HasPrefix(text, "<") || len(text) > 140 {
					t.Errorf("%s: %s is %q, want a short line", language, key, text)
				}
			}
		}
	}
}
