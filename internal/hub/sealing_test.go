package hub

import (
	"strings"
	"testing"
)

// TestASealThatPanicsEndsItsRequest, not the hub: nobody above it on its goroutine could catch it.
func TestASealThatPanicsEndsItsRequest(t *testing.T) {
	var made granted
	made.credential.plain = []byte("secret")
	new(Hub).sealBeside(&made) // a hub without its keys
	<-made.beside.done
	if err := made.beside.err; err == nil || !strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "secret") {
		t.Errorf("the request hears %v", err)
	}
}
