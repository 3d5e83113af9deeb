package hub

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
	"github.com/keyshift-hq/keyshift/internal/pattern"
)

// HashedWords are the company's insider words as devices have them: words only as salted hashes, which whoever reads a device
// can test guesses against, but not read.
type HashedWords struct {
	Salt     string
	Hashes   []string
	Patterns []string
	Hosts    []string
}

// part is a whole word of a text: letters and digits, with marks between them. The extension splits drafts the same way.
var part = regexp.MustCompile(`^[\p{L}\p{M}\p{N}]+(?:[-_.'’&][\p{L}\p{M}\p{N}]+)*$`)

// normalPhrase is a word or phrase as it is kept and hashed: NFKC, lower case, one space between its parts.
func normalPhrase(typed string) (string, error) {
	parts := strings.Fields(strings.ToLower(norm.NFKC.String(typed)))
	if len(parts) < 1 || len(parts) > keyshift.MaxPhrase || len(typed) > 120 {
		return "", errPhrase
	}
	for _, p := range parts {
		if !part.MatchString(p) {
			return "", errPhrase
		}
	}
	phrase := strings.Join(parts, " ")
	if len([]rune(phrase)) < 3 {
		return "", errPhrase
	}
	return phrase, nil
}

var errPhrase = keyshift.Invalid(keyshift.CodeFieldInvalid, "An insider word is one to three whole words of letters and digits, with three characters at least.",
	"For anything else, give a pattern.")

func hashedWords(r Reader, salt []byte) (HashedWords, error) {
	words, err := r.InsiderWords()
	if err != nil || len(words) == 0 {
		return HashedWords{}, err
	}
	hashed := HashedWords{Salt: base64.RawURLEncoding.EncodeToString(salt)}
	for _, w := range words {
		switch {
		case w.Pattern != "":
			hashed.Patterns = append(hashed.Patterns, w.Pattern)
		case w.Host != "":
			hashed.Hosts = append(hashed.Hosts, w.Host)
		default:
			hashed.Hashes = append(hashed.Hashes, native.HashWord(hashed.Salt, w.Word))
		}
	}
	slices.Sort(hashed.Hashes) // the order of the words tells nothing
	return hashed, nil
}

// cleanWord checks a word, a pattern or a host as somebody gave it.
func cleanWord(w InsiderWord) (InsiderWord, error) {
	var err error
	switch {
	case w.Word != "" && w.Pattern == "" && w.Host == "":
		w.Word, err = normalPhrase(w.Word)
	case w.Pattern != "" && w.Word == "" && w.Host == "":
		if wrong := pattern.Check(w.Pattern); wrong != nil {
			err = keyshift.Invalid(keyshift.CodeFieldInvalid, "The pattern cannot be used: "+keyshift.CleanText(wrong.Error(), 300)+".", "Write one that Go and browsers read alike, like ACME-\\d{4,6}.")
		}
	case w.Host != "" && w.Word == "" && w.Pattern == "":
		var wrong error
		if w.Host, wrong = pack.CleanHost(w.Host); wrong != nil {
			err = keyshift.Invalid(keyshift.CodeFieldInvalid, "The host cannot be used: "+keyshift.CleanText(wrong.Error(), 300)+".", "Give the name of a host, like intranet.example.com.")
		}
	default:
		err = keyshift.Invalid(keyshift.CodeFieldInvalid, "Either a word, a pattern or a host is needed.", "Give one of them.")
	}
	return w, err
}

// maxAtOnce bounds how many words one call brings.
const maxAtOnce = keyshift.MaxInsiderWords + keyshift.MaxInsiderPatterns + keyshift.MaxInternalHosts

func cleanWords(list []InsiderWord) ([]InsiderWord, error) {
	if len(list) == 0 || len(list) > maxAtOnce {
		return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "There are no words, or too many at once.", fmt.Sprintf("Give 1 to %d.", maxAtOnce))
	}
	clean := make([]InsiderWord, len(list))
	for i, w := range list {
		var err error
		if clean[i], err = cleanWord(w); err != nil {
			return nil, err
		}
	}
	return clean, nil
}

// AddInsiderWords adds words and patterns that no draft should have. The audit log says how many, not which.
func (h *Hub) AddInsiderWords(ctx context.Context, call Call, list []InsiderWord) (int64, error) {
	return h.changeWords(ctx, call, list, "added", Tx.AddInsiderWord)
}

// RemoveInsiderWords takes words and patterns away.
func (h *Hub) RemoveInsiderWords(ctx context.Context, call Call, list []InsiderWord) (int64, error) {
	return h.changeWords(ctx, call, list, "removed", Tx.RemoveInsiderWord)
}

func (h *Hub) changeWords(ctx context.Context, call Call, list []InsiderWord, done string, change func(Tx, InsiderWord) (bool, error)) (int64, error) {
	list, err := cleanWords(list)
	if err != nil {
		return 0, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (int64, error) {
		if done == "added" {
			if err := roomForWords(tx, list); err != nil {
				return 0, err
			}
		}
		var changed int64
		for _, w := range list {
			did, err := change(tx, w)
			if err != nil {
				return 0, err
			}
			if did {
				changed++
			}
		}
		if changed == 0 {
			return 0, nil
		}
		event := c.event(keyshift.ActWordsChanged)
		event.Details = map[string]string{done: strconv.FormatInt(changed, 10)}
		return changed, errors.Join(tx.Append(event), h.policyChanged(tx))
	})
}

// roomForWords refuses what would not fit, before anything is changed.
func roomForWords(r Reader, list []InsiderWord) error {
	have, err := r.InsiderWords()
	if err != nil {
		return err
	}
	all := map[InsiderWord]bool{}
	words, patterns, hosts := 0, 0, 0
	for _, w := range append(have, list...) {
		switch {
		case all[w]:
		case w.Pattern != "":
			patterns++
		case w.Host != "":
			hosts++
		default:
			words++
		}
		all[w] = true
	}
	if words > keyshift.MaxInsiderWords || patterns > keyshift.MaxInsiderPatterns || hosts > keyshift.MaxInternalHosts {
		return keyshift.Refuse(keyshift.CodeFieldInvalid,
			fmt.Sprintf("A hub keeps %d insider words, %d patterns and %d internal hosts at most.", keyshift.MaxInsiderWords, keyshift.MaxInsiderPatterns, keyshift.MaxInternalHosts),
			"Remove some, or say several with one pattern.")
	}
	return nil
}

// ListInsiderWords lists them, for who may change them.
func (h *Hub) ListInsiderWords(ctx context.Context, call Call) ([]InsiderWord, error) {
	return list(ctx, h, call, func(r Reader) ([]InsiderWord, error) { return r.InsiderWords() })
}
