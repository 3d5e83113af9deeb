package hubclient

import (
	"context"
	"iter"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// pageSize is how many rows of a list are asked for at once: as many as the hub gives.
const pageSize = 500

// page is an answer that is one page of a list.
type page[A any] interface {
	*A
	GetNextPageToken() string
}

var errSamePage = keyshift.Refuse(keyshift.CodeInternal, "The hub gives the same page of a list again and again.", "Compare the versions of hub and command line.")

// pages yields the rows of a list in the hub's order, and asks for a page only when the one before is used up. An error
// is the last thing that it yields, with a zero row.
func pages[Q, A, T any, P page[A]](ctx context.Context, method func(context.Context, *Q) (*A, error), question func(token string) *Q, rows func(P) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for token := ""; ; {
			answer, err := Call(ctx, method, question(token))
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows(answer) {
				if !yield(row, nil) {
					return
				}
			}
			next := P(answer).GetNextPageToken()
			if next == "" {
				return
			}
			if next == token {
				yield(none, errSamePage)
				return
			}
			token = next
		}
	}
}

// EachUser yields all users by the time they were added.
func (a *Admin) EachUser(ctx context.Context) iter.Seq2[*v1.User, error] {
	return pages(ctx, a.Users.ListUsers, func(token string) *v1.ListUsersRequest {
		return &v1.ListUsersRequest{PageSize: pageSize, PageToken: token}
	}, (*v1.ListUsersResponse).GetUsers)
}

// EachGroup yields all groups by the time they were added.
func (a *Admin) EachGroup(ctx context.Context) iter.Seq2[*v1.Group, error] {
	return pages(ctx, a.Groups.ListGroups, func(token string) *v1.ListGroupsRequest {
		return &v1.ListGroupsRequest{PageSize: pageSize, PageToken: token}
	}, (*v1.ListGroupsResponse).GetGroups)
}

// EachAccount yields all accounts by the time they were added.
func (a *Admin) EachAccount(ctx context.Context) iter.Seq2[*v1.Account, error] {
	return pages(ctx, a.Accounts.ListAccounts, func(token string) *v1.ListAccountsRequest {
		return &v1.ListAccountsRequest{PageSize: pageSize, PageToken: token}
	}, (*v1.ListAccountsResponse).GetAccounts)
}

// EachGrant yields the grants of one account, or all with "".
func (a *Admin) EachGrant(ctx context.Context, account string) iter.Seq2[*v1.Grant, error] {
	return pages(ctx, a.Grants.ListGrants, func(token string) *v1.ListGrantsRequest {
		return &v1.ListGrantsRequest{PageSize: pageSize, PageToken: token, Account: account}
	}, (*v1.ListGrantsResponse).GetGrants)
}

// EachDevice yields all devices by the time they were enrolled.
func (a *Admin) EachDevice(ctx context.Context) iter.Seq2[*v1.Device, error] {
	return pages(ctx, a.Devices.ListDevices, func(token string) *v1.ListDevicesRequest {
		return &v1.ListDevicesRequest{PageSize: pageSize, PageToken: token}
	}, (*v1.ListDevicesResponse).GetDevices)
}

// LeaseFilter says which leases are listed. The zero value is those that are live or not confirmed removed.
type LeaseFilter struct {
	// All lists also the leases that are over and confirmed removed.
	All bool
	// Revocation lists only what this revocation ended.
	Revocation string
}

// EachLease yields leases, the newest first.
func (a *Admin) EachLease(ctx context.Context, f LeaseFilter) iter.Seq2[*v1.Lease, error] {
	return pages(ctx, a.Leases.ListLeases, func(token string) *v1.ListLeasesRequest {
		return &v1.ListLeasesRequest{PageSize: pageSize, PageToken: token, All: f.All, RevocationId: f.Revocation}
	}, (*v1.ListLeasesResponse).GetLeases)
}

// EventFilter says which audit events are listed: those about everything that is named.
type EventFilter struct{ Account, User, DeviceID, LeaseID string }

// EachEvent yields audit events, the newest first.
func (a *Admin) EachEvent(ctx context.Context, f EventFilter) iter.Seq2[*v1.AuditEvent, error] {
	return pages(ctx, a.Audit.ListEvents, func(token string) *v1.ListEventsRequest {
		return &v1.ListEventsRequest{PageSize: pageSize, PageToken: token, Account: f.Account, User: f.User, DeviceId: f.DeviceID, LeaseId: f.LeaseID}
	}, (*v1.ListEventsResponse).GetEvents)
}

// EachSelfReport yields what users reported under "I made a mistake", the newest first.
func (a *Admin) EachSelfReport(ctx context.Context) iter.Seq2[*v1.SelfReport, error] {
	return pages(ctx, a.Reports.ListSelfReports,
		func(token string) *v1.ListSelfReportsRequest {
			return &v1.ListSelfReportsRequest{PageSize: pageSize, PageToken: token}
		},
		(*v1.ListSelfReportsResponse).GetReports)
}
