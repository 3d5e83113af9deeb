package keyshift

import (
	"strings"
	"testing"
)

func TestAccountsAreShownAsAtTheirNetwork(t *testing.T) {
	for _, tt := range []struct {
		network               Network
		handle, shown, called string
	}{
		{X, "acme", "acme", "X"},
		{Site, "acme@news.example.com", "acme", "news.example.com"},
		{Site, "acme", "acme", "Site"},
	} {
		if shown, called := ShownHandle(tt.network, tt.handle), ShownNetwork(tt.network, tt.handle); shown != tt.shown || called != tt.called {
			t.Errorf("%s/%s: %q at %q, want %q at %q", tt.network, tt.handle, shown, called, tt.shown, tt.called)
		}
	}
}

func TestHandles(t *testing.T) {
	for handle, want := range map[string]bool{
		"acme": true, "a": true, "münchen_1.b-c": true, "東京": true, "ⅷ²": true, strings.Repeat("ü", 100): true,
		"": false, strings.Repeat("a", 101): false, "a b": false, "a/b": false, "a@b": false, "a\n": false, "a\xff": false, "\u202eacme": false, "a\u0301": false,
	} {
		account := NewAccount("x", handle)
		account.Handle = handle
		if got := account.Validate() == nil; got != want {
			t.Errorf("handle %q: valid is %v, want %v", handle, got, want)
		}
	}
}
