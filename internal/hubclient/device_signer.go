package hubclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// signer is the round tripper that signs requests and lets only the hub's own answers through.
type signer struct {
	DeviceConfig
	below http.RoundTripper
}

// RoundTrip implements [http.RoundTripper]. Its errors are [keyshift.Error]s.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	asked, err := s.Clock.Read()
	if err != nil {
		return nil, errClock.Because(err)
	}
	signed, err := s.sign(req, body, asked)
	if err != nil {
		return nil, err
	}
	resp, err := s.below.RoundTrip(signed)
	if err != nil {
		return nil, notReached(err)
	}
	if req.URL.Path == keyshiftv1connect.AgentServiceWatchProcedure {
		return resp, nil // a stream has no end to sign; see Watch
	}
	return s.verify(resp, signed, asked)
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	return body, errors.Join(err, req.Body.Close())
}

func (s *signer) sign(req *http.Request, body []byte, now bootclock.Reading) (*http.Request, error) {
	seq, err := s.Sequence()
	if err != nil {
		return nil, err
	}
	signed := req.Clone(req.Context())
	signed.Body, signed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	signed.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	signed.Header.Set("Accept-Encoding", "identity") // the signature is over what travels
	key := httpsig.RequestKey{DeviceID: s.DeviceID, Seq: seq, Key: s.Key, Now: now.Wall}
	if err := httpsig.SignRequest(signed, body, s.hubID(), key); err != nil {
		return nil, err
	}
	return signed, nil
}

func (s *signer) hubID() string {
	if s.Target.HubID == "" {
		return EnrollHubID
	}
	return s.Target.HubID
}

// verify reads the whole answer and gives it on only if the hub signed it for this request.
func (s *signer) verify(resp *http.Response, sent *http.Request, asked bootclock.Reading) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, notReached(err)
	}
	if len(body) > maxAnswer {
		return nil, errUnreachable.Because(errTooLong)
	}
	hubTime, err := httpsig.VerifyResponse(resp, body, sent, s.answerer(resp), s.Target.HubKey)
	if err != nil {
		return nil, unproven(resp.StatusCode, err)
	}
	s.hear(sent.Context(), Contact{hubTime, asked})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

var answerKeyID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`;keyid="([A-Za-z0-9-]{1,64})"`) })

// answerer is whose id the answer has to carry. While enrolling that is any id: the key, which came with the code,
// proves who speaks, and the answer's id is then compared with what the message says.
func (s *signer) answerer(resp *http.Response) string {
	if s.Target.HubID != "" {
		return s.Target.HubID
	}
	if m := answerKeyID().FindStringSubmatch(resp.Header.Get("Signature-Input")); m != nil {
		return m[1]
	}
	return EnrollHubID
}

var errTooLong = errors.New("the answer is longer than 4 MiB")

// unproven says what follows from an answer that the hub did not sign. A success that nobody vouches for, or a
// signature that is not the hub's, is somebody else playing the hub. An error page without a signature is a proxy's.
func unproven(status int, err error) error {
	cause := fmt.Errorf("answer with status %d: %w", status, err)
	if status == http.StatusOK || !errors.Is(err, httpsig.ErrUnsigned) {
		return errIdentity.Because(cause)
	}
	return errUnreachable.Because(cause)
}

type contactKey struct{}

func (s *signer) hear(ctx context.Context, c Contact) {
	if s.OnContact != nil {
		s.OnContact(c)
	}
	if into, ok := ctx.Value(contactKey{}).(*Contact); ok {
		*into = c
	}
}

// AnswerTimeout is how long [Ask] waits for an answer.
const AnswerTimeout = 20 * time.Second

// Ask calls one unary method of a [Device] and gives its answer with the hub's time in it. Every error is a
// [keyshift.Error]; the contact is set also with a refusal, because the hub signs those too.
func Ask[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q) (*A, Contact, error) {
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	return ask(ctx, method, question)
}

// ask asks again, with a new number, when the hub says that it knows the request already: somebody on the way sent it
// twice, and the answer to the first was not the one that came back.
func ask[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q) (*A, Contact, error) {
	answer, contact, err := askOnce(ctx, method, question)
	if keyshift.CodeOf(err) == keyshift.CodeReplayed {
		return askOnce(ctx, method, question)
	}
	return answer, contact, err
}

func askOnce[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q) (*A, Contact, error) {
	var contact Contact
	answer, err := method(context.WithValue(ctx, contactKey{}, &contact), question)
	if err != nil {
		return nil, contact, deviceError(err)
	}
	return answer, contact, nil
}

var errClock = keyshift.Refuse(keyshift.CodeClockSuspect, "This computer does not tell the time.", "Restart it; if that does not help, ask your admin.")
