// Package network holds facts about the networks as data: today their terms, as far as lending an account touches
// them. The texts are quotations from archived versions with their dates; they change without a change of code.
package network

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

//go:embed terms.json
var termsJSON []byte

// Terms is what is known of one network's terms.
type Terms struct {
	Document string `json:"document"`
	URL      string `json:"url"`
	// ArchivedAt is the day of the archived version, Archive where it is kept.
	ArchivedAt string `json:"archived_at"`
	Archive    string `json:"archive"`
	// Lines are the gist in three lines: keys of texts in package i18n.
	Lines []string `json:"lines"`
	// Quote is the clause on sharing passwords, word for word; empty when none was found.
	Quote string `json:"sharing_clause"`
}

// Hash is the SHA-256 of the quoted clause in hexadecimal: what a risk acceptance names.
func (t Terms) Hash() string {
	sum := sha256.Sum256([]byte(t.Quote))
	return hex.EncodeToString(sum[:])
}

// terms is parsed when it is first needed: every start of every program would wait for it.
var terms = sync.OnceValue(func() map[keyshift.Network]Terms { return mustParse(termsJSON) })

func mustParse(data []byte) map[keyshift.Network]Terms {
	var all map[keyshift.Network]Terms
	if err := json.Unmarshal(data, &all); err != nil {
		panic("network: parse embedded terms: " + err.Error()) // a test reads them too
	}
	return all
}

// TermsOf gives what is known of a network's terms.
func TermsOf(n keyshift.Network) Terms { return terms()[n] }

// Clause gives the clause by which a network forbids sharing a password; false when none is known.
func Clause(n keyshift.Network) (Terms, bool) {
	t := terms()[n]
	return t, t.Quote != ""
}
