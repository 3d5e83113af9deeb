package native

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// HashWord is how [Words] names a word without telling it: the first 12 bytes of the SHA-256 of the salt, as it is written in Words,
// a colon and the word, in base64url without padding. The word is taken in lower case, in Unicode's form NFKC, with single
// spaces where it has several parts, at most three. The extension does the same with what is typed
// (extension/src/content/words.ts); a test compares both.
func HashWord(salt, word string) string {
	plain := strings.ToLower(norm.NFKC.String(strings.Join(strings.Fields(word), " ")))
	sum := sha256.Sum256([]byte(salt + ":" + plain))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
