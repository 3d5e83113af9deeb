package localapi

import (
	"net/http"

	"connectrpc.com/connect/v2/connecthttp"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const peerHint = "Use the command line, keyshift-agent."

var (
	errUnknownPeer = keyshift.Refuse(keyshift.CodePeerRefused, "The caller is not known to be of this user.", peerHint)
	errWrongHost   = keyshift.Refuse(keyshift.CodePeerRefused, "The request is not meant for this agent.", peerHint)
	errFromWeb     = keyshift.Refuse(keyshift.CodePeerRefused, "Requests of web pages are not served.", peerHint)
	errNoRoute     = keyshift.Refuse(keyshift.CodeNotFound, "There is no such route.", "Compare the versions of both programs.")
)

// gate stands before every route.
func (s *Server) gate(next http.Handler) http.Handler {
	limited := http.MaxBytesHandler(next, MaxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.cutOnPanic(r.URL.Path)
		w.Header().Set("Cache-Control", "no-store")
		if err := admit(r); err != nil {
			peer, _ := ipc.PeerFrom(r.Context())
			s.log.Warn("local caller refused", "by", peer.String(), "why", err.Text)
			w.Header().Set("Connection", "close")
			refuse(w, r, err)
			return
		}
		limited.ServeHTTP(w, r)
	})
}

// admit says why a request is not served. A header that is present and empty is present.
func admit(r *http.Request) *keyshift.Error {
	if _, known := ipc.PeerFrom(r.Context()); !known {
		return errUnknownPeer
	}
	if r.Host != Host {
		return errWrongHost
	}
	if len(r.Header.Values("Origin")) > 0 || len(r.Header.Values("Referer")) > 0 {
		return errFromWeb
	}
	return nil
}

var errorWriter = connecthttp.NewErrorWriter()

// refuse answers in the form that the caller's protocol has for errors, and in JSON to everyone else.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	api.SetCodeHeader(w.Header(), err)
	_ = errorWriter.Write(w, r, api.ToConnect(err)) // it fails only when nobody is there to read it
}
