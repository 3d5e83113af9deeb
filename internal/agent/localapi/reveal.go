package localapi

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/encoding/protowire"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// revealed answers Reveal past the library. That would leave the secret in the strings of a message and in buffers which it
// and net/http keep for the next answers, so that nobody could say when it is gone from memory. Here it is in two
// buffers, both cleared before the call ends, and goes from them to the caller's connection, which is closed then.
//
// A request that is not a plain one of the contract is left to the library, which refuses it.
func (s *Server) revealed(library http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		codec, known := byForm()[form]
		if r.Method != http.MethodPost || err != nil || !known || r.Header.Get("Content-Encoding") != "" {
			library.ServeHTTP(w, r)
			return
		}
		secret, err := s.reveal(r, codec)
		if err != nil {
			refuse(w, r, err)
			return
		}
		defer secret.Wipe()
		s.hand(w, form, secret)
	}
}

// The content types of Connect's unary protocol.
const (
	formBinary = "application/proto"
	formJSON   = "application/json"
)

func byForm() map[string]connect.Codec {
	list := codecs()
	return map[string]connect.Codec{formBinary: list[0], formJSON: list[1]}
}

func (s *Server) reveal(r *http.Request, codec connect.Codec) (secret *keyshift.Opened, err error) {
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			err = s.panicked(keyshiftv1connect.LocalServiceRevealProcedure, v)
		}
		s.record(r.Context(), keyshiftv1connect.LocalServiceRevealProcedure, time.Since(start), err)
	}()
	req := &v1.LocalServiceRevealRequest{}
	if err := codec.UnmarshalRead(r.Context(), r.Body, req); err != nil {
		return nil, errBody.Because(err)
	}
	return s.agent.Reveal(r.Context(), req.GetLease())
}

var errBody = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request cannot be read.", "Compare the versions of both programs.")

// hand writes the whole answer to the connection. Only a recorder of a test is no connection.
func (s *Server) hand(w http.ResponseWriter, form string, secret *keyshift.Opened) {
	var body []byte
	seal.Quietly(func() { body = message(form, secret) })
	defer seal.Wipe(body)
	control := http.NewResponseController(w)
	conn, _, err := control.Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		w.Header().Set("Content-Type", form)
		_, _ = w.Write(body)
		return
	}
	if err != nil {
		s.log.Error("secret not handed out", "error", err.Error())
		return
	}
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n", form, len(body))
	_ = conn.SetWriteDeadline(time.Now().Add(writeLimit))
	for _, part := range [][]byte{[]byte(head), body} {
		if _, err := conn.Write(part); err != nil {
			s.log.Debug("secret not taken", "error", err.Error())
			break
		}
	}
	_ = conn.Close()
}

// message is a LocalServiceRevealResponse in a buffer that never grows, so that there is one copy of it.
func message(form string, secret *keyshift.Opened) []byte {
	if form == formJSON {
		return bytes.Clone(secret.JSON()) // has the names of the message
	}
	login, password := secret.Login(), secret.Password()
	b := make([]byte, 0, 2*protowire.SizeTag(1)+protowire.SizeBytes(len(login))+protowire.SizeBytes(len(password)))
	b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), login)
	return protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), password)
}
