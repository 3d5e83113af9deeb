package localclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// ErrAnswerLost is in the chain of an error after which nobody knows whether the agent did what it was asked.
var ErrAnswerLost = errors.New("the answer was lost")

// errNotRunning and errForeign are the errors of a question that never left.
var (
	errNotRunning = keyshift.Refuse(keyshift.CodeAgentNotRunning, "The agent is not running.",
		"Start it with `keyshift-agent start`, or in this terminal with `keyshift-agent run`.")
	errForeign = keyshift.Refuse(keyshift.CodePeerRefused, "Another user's program stands in the agent's place. Nothing was sent to it.",
		"Tell your admin, and do not go on before somebody has looked at this computer.")
)

// dialError is an error before the first byte.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// explain makes any error of a question one for people.
func (c *Client) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, beforeFirstByte := errors.AsType[*dialError](err); beforeFirstByte {
		return c.explainDial(err)
	}
	remote, ok := errors.AsType[*connect.Error](err)
	if ok && remote.IsRemote() || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return api.FromConnect(err)
	}
	return keyshift.Refuse(keyshift.CodeUnavailable, "The agent's answer was lost.", "See with `keyshift-agent leases` what happened.").
		Because(errors.Join(ErrAnswerLost, err))
}

func (c *Client) explainDial(err error) error {
	switch {
	case errors.Is(err, ipc.ErrNotRunning):
		return errNotRunning.Because(err)
	case errors.Is(err, ipc.ErrForeignServer):
		return errForeign.Because(err)
	case errors.Is(err, context.Canceled):
		return api.FromConnect(err)
	case errors.Is(err, ipc.ErrUnsafePath), errors.Is(err, ipc.ErrPathTooLong):
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "The agent's socket cannot be at "+c.path+".",
			"Use an absolute path in a folder of its own, of less than 100 characters.").Because(err)
	}
	return keyshift.Refuse(keyshift.CodeUnavailable, "The agent's socket "+c.path+" cannot be reached.",
		"Run `keyshift-agent doctor`.").Because(err)
}

// request sends a plain request. An answer other than 2xx is an error, with the body closed.
func (c *Client) request(ctx context.Context, method, route string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, base+route, http.NoBody)
	if err != nil {
		return nil, c.explain(err)
	}
	res, err := c.http.Do(req) // #nosec G704 -- the host is a constant that only our dialer sees
	if err != nil {
		return nil, c.explain(err)
	}
	if res.StatusCode/100 != 2 {
		return nil, refusal(res)
	}
	return res, nil
}

// refusal reads the error that the local API writes for plain requests.
func refusal(res *http.Response) error {
	defer func() { _ = res.Body.Close() }()
	var body struct {
		Message string `json:"message"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&body); err != nil || body.Message == "" {
		body.Message = "The agent refused the request."
	}
	return api.FromInfo(&v1.ErrorInfo{Code: res.Header.Get(api.CodeHeader), Text: body.Message, Hint: "Compare the versions of both programs."})
}
