package osring

import "context"

// shortener is a backend that knows a shorter way for the usual case: a keyring that is open and asks nobody anything. A
// short way that does not lead to the end says so; then the long way is taken from its beginning.
type shortener interface {
	// shortGet is Get of an item that is there.
	shortGet(ctx context.Context, service, key string) (text string, ok bool)
	// shortSet is Set, and reads back what Get gives then.
	shortSet(ctx context.Context, service, key, text string) (ok bool)
}

func (r *OS) shortGet(ctx context.Context, key string) (text string, ok bool) {
	if s, knows := r.backend.(shortener); knows {
		return s.shortGet(ctx, r.service, key)
	}
	return "", false
}

func (r *OS) shortSet(ctx context.Context, key, text string) (ok bool) {
	s, knows := r.backend.(shortener)
	return knows && s.shortSet(ctx, r.service, key, text)
}
