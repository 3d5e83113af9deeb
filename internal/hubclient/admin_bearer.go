package hubclient

import (
	"fmt"
	"net/http"
)

// bearer is the round tripper that adds the API token. The token goes into this one header and nowhere else.
type bearer struct {
	token TokenSource
	below http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, err := b.carry(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := b.below.RoundTrip(signed)
	if err != nil {
		return nil, unanswered(err)
	}
	return resp, nil
}

func (b *bearer) carry(req *http.Request) (*http.Request, error) {
	if b.token == nil {
		return req, nil
	}
	token, err := b.token(req.Context())
	if err != nil {
		return nil, fmt.Errorf("get token: %w", err)
	}
	if token.Empty() {
		return req, nil
	}
	signed := req.Clone(req.Context())
	signed.Header.Set("Authorization", "Bearer "+token.Reveal())
	return signed, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
