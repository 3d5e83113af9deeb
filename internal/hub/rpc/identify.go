package rpc

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
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
	// signed is the request's signature and key what it has to verify with; Enroll, whose key is inside the message, verifies
	// request and body itself.
	signed  *httpsig.Request
	key     ed25519.PublicKey
	request *http.Request
	body    []byte
}

func (p *proof) enrolling() bool {
	return p.request.URL.Path == keyshiftv1connect.AgentServiceEnrollProcedure
}

// identify lets a request for a declared method through with what is known of who sent it. The content is read only after
// the headers have said who wants to be heard.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limitReading(w)
		access, ok := s.access[r.URL.Path]
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		p := &proof{call: hub.Call{Access: access, Procedure: r.URL.Path, Source: s.source(r)}, request: r}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, p))
		if strings.HasPrefix(r.URL.Path, "/"+keyshiftv1connect.AgentServiceName+"/") {
			s.serveDevice(w, r, p, next)
			return
		}
		s.serveUser(w, r, p, next)
	})
}

func (s *Server) serveUser(w http.ResponseWriter, r *http.Request, p *proof, next http.Handler) {
	err := s.admit(r, p)
	if err == nil {
		err = p.read(w, r)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	next.ServeHTTP(w, r)
}

// admit asks whether a user may call the method at all, before the request is read: whoever may not learns nothing from
// how it is judged. The use case asks again on its own data.
func (s *Server) admit(r *http.Request, p *proof) error {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p.call.TokenHash = hub.HashToken(token)
	}
	return s.Hub.Admit(r.Context(), p.call)
}

// serveDevice verifies a device's signature, serves, and signs the answer: refusals too, because an unsigned one could
// be anybody's. Streams are not signed; they carry nothing that has to be believed.
func (s *Server) serveDevice(w http.ResponseWriter, r *http.Request, p *proof, next http.Handler) {
	err := s.hear(r, p)
	if err == nil {
		err = p.read(w, r)
	}
	if err == nil {
		err = s.verify(r, p)
	}
	if r.URL.Path == keyshiftv1connect.AgentServiceWatchProcedure && err == nil {
		if !s.takeOver(w, r, p) {
			next.ServeHTTP(w, r)
		}
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

// hear reads whose request it claims to be. A device that the hub does not know is refused like one that signs wrongly:
// nothing is proven yet, and the refusal is signed.
func (s *Server) hear(r *http.Request, p *proof) error {
	signed, err := httpsig.ParseRequest(r)
	if err != nil {
		return errSignature.Because(err)
	}
	p.signed = signed
	p.call.DeviceID, p.call.Seq = keyshift.ID(signed.DeviceID), signed.Seq
	if signed.HubID != string(s.Hub.ID()) && !(p.enrolling() && signed.HubID == enrollHubID) {
		return errSignature.Because(errors.New("signed for another hub"))
	}
	if p.enrolling() {
		return nil
	}
	p.key, p.call.UserID, err = s.Hub.DeviceKey(r.Context(), p.call.DeviceID)
	if errors.Is(err, keyshift.ErrNotFound) {
		return errSignature.Because(err)
	}
	return err
}

// verify holds the signature against the device's key. Enroll, whose key is in the message, does it itself.
func (s *Server) verify(r *http.Request, p *proof) error {
	if !p.enrolling() {
		if err := p.signed.Verify(r, p.body, p.key); err != nil {
			s.noteRefusal(r, p)
			return errSignature.Because(err)
		}
	}
	if skew := s.Hub.Now().Sub(p.signed.Created).Abs(); skew > maxClockSkew {
		return clockSuspect(skew)
	}
	return nil
}

func (s *Server) noteRefusal(r *http.Request, p *proof) {
	if err := s.Hub.RefusedSignature(r.Context(), p.call.DeviceID); err != nil {
		s.Log.ErrorContext(r.Context(), "count refused signature", "error", err)
	}
	s.Log.WarnContext(r.Context(), "refused signature", "device", p.call.DeviceID, "source", p.call.Source)
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
