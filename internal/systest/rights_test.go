package systest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/rpc"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A26: a user who is deactivated has nothing left at once, and logging in does not bring it back.
func TestADeactivatedUserHasNothingLeft(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *World) {
		w.AddUser("dana", v1.Role_ROLE_MEMBER, v1.Role_ROLE_AUDITOR)
		account := w.AddAccount("acme", nil, "dana")
		device := w.RawDevice(0, "dana")
		lent, err := device.CheckOut(t, account, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		login := func() string {
			return Do(t, w.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: "dana", Kind: v1.CodeKind_CODE_KIND_LOGIN}).GetCode()
		}
		dana, unusedLogin, unusedEnrollment := w.Admin(0, w.Login(login(), "")), login(), w.EnrollmentCode(0, "dana")
		Do(t, dana.Leases.ListLeases, &v1.ListLeasesRequest{})

		ended := Do(t, w.Owner.Users.DeactivateUser, &v1.DeactivateUserRequest{User: "dana", Reason: "left"})
		if ended.GetLeasesRevoked() != 1 || w.Leases()[0].GetRemoval().GetStep() != v1.RemovalStep_REMOVAL_STEP_REQUESTED {
			t.Errorf("revoked %d leases, the lease's removal is %v; want 1, requested", ended.GetLeasesRevoked(), w.Leases()[0].GetRemoval().GetStep())
		}
		if _, err := device.CheckOut(t, account, time.Hour); keyshift.CodeOf(err) != keyshift.CodeUserInactive {
			t.Errorf("check-out: %v, want user_inactive", err)
		}
		news, _, err := hubclient.Ask(t.Context(), device.Sync, &v1.SyncRequest{})
		if err != nil || len(news.GetLeases()) != 0 || len(news.GetRemovals()) != 1 || news.GetRemovals()[0].GetId() != lent.GetLease().GetId() {
			t.Errorf("sync = %v, %v, want no lease and one removal", news, err)
		}
		if _, err := hubclient.Call(t.Context(), dana.Leases.ListLeases, &v1.ListLeasesRequest{}); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
			t.Errorf("API token: %v, want token_invalid", err)
		}
		for name, code := range map[string]string{"login": unusedLogin, "enrollment": unusedEnrollment} {
			if err := w.redeem(code); keyshift.CodeOf(err) != keyshift.CodeCodeInvalid {
				t.Errorf("unused %s code: %v, want code_invalid", name, err)
			}
		}
		if _, err := hubclient.Call(t.Context(), w.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: "dana", Kind: v1.CodeKind_CODE_KIND_LOGIN}); keyshift.CodeOf(err) != keyshift.CodeUserInactive {
			t.Errorf("a new code: %v, want user_inactive", err)
		}
	})
}

// redeem tries a code at the door it is for.
func (w *World) redeem(code string) error {
	target, i := Target(w.t, code)
	_, err := hubclient.Call(w.t.Context(), w.admin(target, nil).Auth.Login, &v1.LoginRequest{Code: i.SecretText()})
	return err
}

// A28: every route that is served, as every role, with nobody's and with foreign ids. The routes come from the router, so
// one that is added is tried here without anybody thinking of it.
func TestEveryRouteIsClosedToWhoeverItIsNotFor(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("lee")
	account := w.AddAccount("acme", nil, "lee")
	lee := w.RawDevice(0, "lee")
	lent, err := lee.CheckOut(t, account, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[keyshift.Role]string{"": "", "stranger": "ks_" + strings.Repeat("A", 43), keyshift.Owner: w.OwnerToken.Reveal()}
	for _, role := range []v1.Role{v1.Role_ROLE_MEMBER, v1.Role_ROLE_APPROVER, v1.Role_ROLE_AUDITOR, v1.Role_ROLE_ADMIN} {
		name := strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))
		w.AddUser(name, role)
		tokens[keyshift.Role(name)] = w.token(name)
	}

	tried := 0
	for route, access := range w.Replica[0].API.Access() {
		for role, token := range tokens {
			tried++
			if route == keyshiftv1connect.AuthServiceLogoutProcedure && role != "" && role != "stranger" {
				token = w.token(string(role)) // this one is used up
			}
			foreign := `{"request_id":"` + hubclient.NewRequestID() + `","lease_id":"` + lent.GetLease().GetId() + `","device_id":"` + lee.ID + `"}`
			status, code := w.post(route, token, foreign)
			if want := wantRefusal(access, role); want != "" && (code != string(want) || status < 400) {
				t.Errorf("%s as %q: %d %s, want %s", route, role, status, code, want)
			} else if want == "" && (code == string(keyshift.CodeForbidden) || code == string(keyshift.CodeTokenInvalid) || status >= 500) {
				t.Errorf("%s as %q: %d %s, want to be let in", route, role, status, code)
			}
		}
	}
	if tried < 40*len(tokens) {
		t.Errorf("only %d combinations were tried", tried)
	}
	for _, path := range []string{"/", "/debug/pprof/", "/metrics", "/keyshift.v1.LocalService/Reveal", "/keyshift.v1.UserService/Nothing", "/admin"} {
		if status, _ := w.post(path, w.OwnerToken.Reveal(), "{}"); status != http.StatusNotFound && status != http.StatusNotImplemented && status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d, want not found", path, status)
		}
	}
}

// token logs a user in.
func (w *World) token(user string) string {
	w.t.Helper()
	return w.Login(Do(w.t, w.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: user, Kind: v1.CodeKind_CODE_KIND_LOGIN}).GetCode(), "").Reveal()
}

// wantRefusal says how a route has to refuse a role; "" when it is for that role.
func wantRefusal(access hub.Access, role keyshift.Role) keyshift.Code {
	switch access.Kind {
	case hub.AnyoneAccess:
		return "" // what is asked for decides; see the tests of codes
	case hub.DeviceAccess, hub.NoAccess:
		return keyshift.CodeBadSignature
	case hub.UserAccess:
	}
	if role == "" || role == "stranger" {
		return keyshift.CodeTokenInvalid
	}
	if len(access.Roles) == 0 || (keyshift.User{Roles: []keyshift.Role{role}}).HasAny(access.Roles...) {
		return ""
	}
	return keyshift.CodeForbidden
}

func (w *World) post(path, token, body string) (status int, code string) {
	w.t.Helper()
	s := w.Replica[0]
	target := hubclient.Target{URL: s.URL(), TLSPin: s.Hub.TLSPin}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := hubclient.NewHTTPClient(target)
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Keyshift-Code")
}

// A device sees and ends only its own leases.
func TestAForeignLeaseDoesNotExist(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddUser("lee")
	account := w.AddAccount("acme", nil, "dana")
	mine, foreign := w.RawDevice(0, "lee"), w.RawDevice(0, "dana")
	lent, err := foreign.CheckOut(t, account, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	id := lent.GetLease().GetId()
	for name, err := range map[string]error{
		"check out": func() error { _, err := mine.CheckOut(t, account, time.Hour); return err }(),
		"activate":  askErr(t, mine.Activate, &v1.ActivateRequest{RequestId: hubclient.NewRequestID(), LeaseId: id}),
		"renew":     askErr(t, mine.Renew, &v1.RenewRequest{RequestId: hubclient.NewRequestID(), LeaseId: id}),
		"check in":  askErr(t, mine.CheckIn, &v1.CheckInRequest{RequestId: hubclient.NewRequestID(), LeaseId: id, Cause: "checked in"}),
		"code":      askErr(t, mine.GetCode, &v1.GetCodeRequest{RequestId: hubclient.NewRequestID(), LeaseId: id}),
		"reveal":    askErr(t, mine.NoteReveal, &v1.NoteRevealRequest{RequestId: hubclient.NewRequestID(), LeaseId: id}),
	} {
		if code := keyshift.CodeOf(err); code != keyshift.CodeNotFound && code != keyshift.CodeGrantMissing {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if got := w.Leases(); len(got) != 1 || got[0].GetState() != v1.LeaseState_LEASE_STATE_PENDING {
		t.Errorf("leases = %v, want the one untouched", got)
	}
}

func askErr[Q, A any](t *testing.T, method func(context.Context, *Q) (*A, error), question *Q) error {
	_, _, err := hubclient.Ask(t.Context(), method, question)
	return err
}

// What is answered to a person with curl is JSON with the stable code.
func TestErrorsAreReadableWithCurl(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	s := w.Replica[0]
	client := hubclient.NewHTTPClient(hubclient.Target{URL: s.URL(), TLSPin: s.Hub.TLSPin})
	defer client.CloseIdleConnections()
	resp, err := client.Post(s.URL()+"/keyshift.v1.UserService/ListUsers", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Code, Message string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusUnauthorized || answer.Message == "" || resp.Header.Get("Keyshift-Code") != "token_invalid" {
		t.Errorf("answer = %+v, %v, status %d, code %q", answer, err, resp.StatusCode, resp.Header.Get("Keyshift-Code"))
	}
	spec, err := client.Get(s.URL() + rpc.OpenAPIPath)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Body.Close()
	if spec.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d", rpc.OpenAPIPath, spec.StatusCode)
	}
}
