package hubclient

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// TokenSource gives the API token that a request carries. It is asked for each request; an empty secret sends none.
type TokenSource func(context.Context) (keyshift.Secret, error)

// AdminConfig says which hub is asked, and by whose right.
type AdminConfig struct {
	// Target is the hub. Its HubID and HubKey matter to [Admin.CheckIdentity] only: answers to people are not signed,
	// TLS has to prove whose they are.
	Target Target
	// Token may be nil: then only what needs no right can be asked.
	Token TokenSource
	// HTTP is the client below; nil is NewHTTPClient(Target). Its redirects and cookies are not used.
	HTTP *http.Client
}

// Admin asks the hub in the name of a user with an API token. Call its methods with [Call]:
//
//	answer, err := hubclient.Call(ctx, admin.Users.AddUser, &v1.AddUserRequest{Name: "lee"})
//
// It is safe for concurrent use.
type Admin struct {
	Auth     keyshiftv1connect.AuthServiceClient
	Users    keyshiftv1connect.UserServiceClient
	Groups   keyshiftv1connect.GroupServiceClient
	Accounts keyshiftv1connect.AccountServiceClient
	Grants   keyshiftv1connect.GrantServiceClient
	Leases   keyshiftv1connect.LeaseServiceClient
	Devices  keyshiftv1connect.DeviceServiceClient
	Audit    keyshiftv1connect.AuditServiceClient
	Hub      keyshiftv1connect.HubServiceClient
	Work     keyshiftv1connect.WorkServiceClient
	Reports  keyshiftv1connect.SelfReportServiceClient
	Packs    keyshiftv1connect.SitePackServiceClient
	Browser  keyshiftv1connect.BrowserPolicyServiceClient

	target Target
	http   *http.Client
}

// NewAdmin makes a client. It opens no connection, and refuses an address to which a token must not be sent: plain http
// to another computer.
func NewAdmin(c AdminConfig) (*Admin, error) {
	if err := keyshift.ValidateHubURL(c.Target.URL); err != nil {
		return nil, err
	}
	if c.HTTP == nil {
		c.HTTP = NewHTTPClient(c.Target)
	}
	below := c.HTTP.Transport
	if below == nil {
		below = http.DefaultTransport
	}
	client := &http.Client{Transport: &bearer{token: c.Token, below: below}, CheckRedirect: refuseRedirect}
	transport := connecthttp.NewTransport(client, strings.TrimRight(c.Target.URL, "/"),
		connecthttp.WithCompressors(), connecthttp.WithReadMaxBytes(maxAnswer))
	return newAdmin(connect.NewClient(transport), c), nil
}

func newAdmin(client *connect.Client, c AdminConfig) *Admin {
	return &Admin{
		Auth:     keyshiftv1connect.NewAuthServiceClient(client),
		Users:    keyshiftv1connect.NewUserServiceClient(client),
		Groups:   keyshiftv1connect.NewGroupServiceClient(client),
		Accounts: keyshiftv1connect.NewAccountServiceClient(client),
		Grants:   keyshiftv1connect.NewGrantServiceClient(client),
		Leases:   keyshiftv1connect.NewLeaseServiceClient(client),
		Devices:  keyshiftv1connect.NewDeviceServiceClient(client),
		Audit:    keyshiftv1connect.NewAuditServiceClient(client),
		Hub:      keyshiftv1connect.NewHubServiceClient(client),
		Work:     keyshiftv1connect.NewWorkServiceClient(client),
		Reports:  keyshiftv1connect.NewSelfReportServiceClient(client),
		Packs:    keyshiftv1connect.NewSitePackServiceClient(client),
		Browser:  keyshiftv1connect.NewBrowserPolicyServiceClient(client),
		target:   c.Target, http: c.HTTP,
	}
}

// Close gives idle connections back. The client can be used on.
func (a *Admin) Close() { a.http.CloseIdleConnections() }

// CheckIdentity asks the hub who it is, and fails with hub_identity_changed if that is not the Target. It finds a hub
// that was set up anew or an address that leads elsewhere; against somebody who lies, TLS protects.
func (a *Admin) CheckIdentity(ctx context.Context) (*v1.GetHubResponse, error) {
	answer, err := Call(ctx, a.Auth.GetHub, &v1.GetHubRequest{})
	if err != nil {
		return nil, err
	}
	if !a.target.HubKey.Equal(ed25519.PublicKey(answer.GetSigningKey())) || a.target.HubID != "" && a.target.HubID != answer.GetHubId() {
		return nil, errOtherHub
	}
	return answer, nil
}
