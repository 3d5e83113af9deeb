package native

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

func TestHashWord(t *testing.T) {
	sum := sha256.Sum256([]byte("c2FsdA:project zephyr"))
	want := base64.RawURLEncoding.EncodeToString(sum[:12])
	for _, word := range []string{"project zephyr", "Project  ZEPHYR ", "project\u00a0zephyr", "ｐroject zephyr"} {
		if got := HashWord("c2FsdA", word); got != want {
			t.Errorf("HashWord(%q) = %q, want %q", word, got, want)
		}
	}
	if HashWord("b3RoZXI", "project zephyr") == want || HashWord("c2FsdA", "projectzephyr") == want {
		t.Error("another salt or word has the same hash")
	}
}
