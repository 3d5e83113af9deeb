package rpc

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect/v2/connecthttp"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// maxClockSkew is how far the time in a device's signature may be from the hub's. It only keeps very old recordings
// out early: what decides is the sequence number, in the transaction of the effect.
const maxClockSkew = 5 * time.Minute

// enrollHubID stands for the hub's id in the one request of a device that cannot know it yet.
const enrollHubID = "enroll"

var errorWriter = connecthttp.NewErrorWriter()

type callKey struct{}

// proof is what identify found out about a request. The handler makes a hub.Call of it.
type proof struct {
	call hub.Call
	// signed is the request's signature and body its content, for Enroll, whose key is inside the message.
	signed  *httpsig.Request
	request *http.Request
	body    []byte
}

// identify lets a request for a declared method through with what is known of who sent it.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, ok := s.access[r.URL.Path]
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		body, err := readBody(w, r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		p := &proof{call: hub.Call{Access: access, Procedure: r.URL.Path, Source: s.source(r)}, request: r, body: body}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, p))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasPrefix(r.URL.Path, "/"+keyshiftv1connect.AgentServiceName+"/") {
			s.serveDevice(w, r, p, next)
			return
		}
		if err := s.admit(r, p); err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit asks whether a user may call the method at all, before the request is decoded: whoever may not learns nothing from
// how it is judged. The use case asks again on its own data.
func (s *Server) admit(r *http.Request, p *proof) error {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p.call.TokenHash = hub.HashToken(token)
	}
	_, err := s.Hub.Authorize(s.Hub.Store.Read(r.Context()), p.call)
	return err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, errTooBig
	case err != nil:
		return nil, errUnread.Because(err)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasSuffix(kind, "json") && tooDeep(body) {
		return nil, errTooDeep
	}
	return body, nil
}

var (
	errTooBig  = keyshift.Invalid(keyshift.CodeBodyTooBig, "The request is longer than 1 MiB.", "Send less at once.")
	errTooDeep = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request is nested more than 32 deep.", "Send it as the API description says.")
	errUnread  = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request did not arrive whole.", "Send it again.")
)

// tooDeep counts brackets outside of strings, before anything is decoded.
func tooDeep(body []byte) bool {
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString:
			inString, escaped = c != '"', c == '\\'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// serveDevice verifies a device's signature, serves, and signs the answer: refusals too, because an unsigned one could
// be anybody's. Streams are not signed; they carry nothing that has to be believed.
func (s *Server) serveDevice(w http.ResponseWriter, r *http.Request, p *proof, next http.Handler) {
	err := s.verify(r, p)
	if r.URL.Path == keyshiftv1connect.AgentServiceWatchProcedure && err == nil {
		next.ServeHTTP(w, r)
		return
	}
	answer := &buffered{header: http.Header{}, status: http.StatusOK}
	if err != nil {
		s.refuse(answer, r, err)
	} else {
		next.ServeHTTP(answer, r)
	}
	s.sendSigned(w, r, answer)
}

func (s *Server) sendSigned(w http.ResponseWriter, r *http.Request, answer *buffered) {
	err := httpsig.SignResponse(answer.header, answer.status, answer.body.Bytes(), r, string(s.Hub.ID()), s.Hub.SigningKey(), s.Hub.Now())
	if err != nil && !errors.Is(err, httpsig.ErrNotSignable) { // not signable: the request carries no signature to answer to
		s.Log.ErrorContext(r.Context(), "sign answer", "error", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // a device that went away asks again
}

// buffered collects an answer, so that it can be signed whole.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header         { return b.header }
func (b *buffered) WriteHeader(status int)      { b.status = status }
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }

func (s *Server) verify(r *http.Request, p *proof) error {
	signed, err := httpsig.ParseRequest(r)
	if err != nil {
		return errSignature.Because(err)
	}
	p.signed = signed
	p.call.DeviceID, p.call.Seq, p.call.SignedAt = keyshift.ID(signed.DeviceID), signed.Seq, signed.Created
	enrolling := r.URL.Path == keyshiftv1connect.AgentServiceEnrollProcedure
	if want := string(s.Hub.ID()); signed.HubID != want && !(enrolling && signed.HubID == enrollHubID) {
		return errSignature.Because(errors.New("signed for another hub"))
	}
	if !enrolling {
		if err := s.verifyKnown(r, p); err != nil {
			return err
		}
	}
	if skew := s.Hub.Now().Sub(signed.Created).Abs(); skew > maxClockSkew {
		return clockSuspect(skew)
	}
	return nil
}

func (s *Server) verifyKnown(r *http.Request, p *proof) error {
	key, user, err := s.Hub.DeviceKey(r.Context(), p.call.DeviceID)
	if err != nil {
		return err
	}
	if err := p.signed.Verify(r, p.body, ed25519.PublicKey(key)); err != nil {
		if countErr := s.Hub.RefusedSignature(r.Context(), p.call.DeviceID); countErr != nil {
			s.Log.ErrorContext(r.Context(), "count refused signature", "error", countErr)
		}
		s.Log.WarnContext(r.Context(), "refused signature", "device", p.call.DeviceID, "source", p.call.Source)
		return errSignature.Because(err)
	}
	p.call.UserID = user
	return nil
}

var errSignature = keyshift.Refuse(keyshift.CodeBadSignature, "The request is not signed as it has to be.", "Update the agent; if that does not help, enroll the device again.")

func clockSuspect(skew time.Duration) error {
	return keyshift.Refuse(keyshift.CodeClockSuspect, "This computer's clock is wrong by "+keyshift.DurationText(skew)+", or the hub's is.",
		"Set the clock automatically, then try again.").With("skew", keyshift.DurationText(skew))
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	api.SetCodeHeader(w.Header(), err)
	if err := errorWriter.Write(w, r, api.ToConnect(err)); err != nil {
		s.Log.DebugContext(r.Context(), "write refusal", "error", err)
	}
}

// source is the address that a request came from. Forwarded addresses count only from listed proxies: the last one that
// is not such a proxy.
func (s *Server) source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trustedProxy(host); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = addr.Unmap().String()
	}
	return host
}

func (s *Server) trustedProxy(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, proxy := range s.Proxies {
		if proxy.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
