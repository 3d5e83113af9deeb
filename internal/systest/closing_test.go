package systest

import (
	"fmt"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// live counts the leases that are live at the hub.
func (w *World) live() (n int) {
	w.t.Helper()
	for _, l := range w.Leases() {
		if l.GetState() == v1.LeaseState_LEASE_STATE_PENDING || l.GetState() == v1.LeaseState_LEASE_STATE_ACTIVE {
			n++
		}
	}
	return n
}

// closing is one way to take rights away, done at the second replica while the first one lends.
type closing struct {
	name string
	do   func(w *World, admin *hubclient.Admin, user, account string) error
}

var closings = []closing{
	{"disable the account, revoke all", func(w *World, admin *hubclient.Admin, _, account string) error {
		if _, err := hubclient.Call(w.t.Context(), admin.Accounts.UpdateAccount, &v1.UpdateAccountRequest{Account: account, Settings: &v1.AccountSettings{Enabled: ptr(false)}}); err != nil {
			return err
		}
		_, err := hubclient.Call(w.t.Context(), admin.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_All{All: true}, Reason: "press inquiry"})
		return err
	}},
	{"deactivate the user", func(w *World, admin *hubclient.Admin, user, _ string) error {
		_, err := hubclient.Call(w.t.Context(), admin.Users.DeactivateUser, &v1.DeactivateUserRequest{User: user})
		return err
	}},
	{"remove the grant", func(w *World, admin *hubclient.Admin, _, account string) error {
		grants, err := hubclient.Call(w.t.Context(), admin.Grants.ListGrants, &v1.ListGrantsRequest{Account: account})
		if err != nil {
			return err
		}
		_, err = hubclient.Call(w.t.Context(), admin.Grants.RemoveGrant, &v1.RemoveGrantRequest{GrantId: grants.GetGrants()[0].GetId()})
		return err
	}},
	{"block the device", func(w *World, admin *hubclient.Admin, user, _ string) error {
		devices, err := hubclient.Call(w.t.Context(), admin.Devices.ListDevices, &v1.ListDevicesRequest{PageSize: 500})
		for _, d := range devices.GetDevices() {
			if err == nil && d.GetUser() == user {
				_, err = hubclient.Call(w.t.Context(), admin.Devices.SetDeviceState, &v1.SetDeviceStateRequest{DeviceId: d.GetId(), State: v1.DeviceState_DEVICE_STATE_BLOCKED})
			}
		}
		return err
	}},
}

// When a right was taken away, no lease that began while it was taken away is left, on whichever replica.
func TestNoLeaseSlipsPastWhatTakesRightsAway(t *testing.T) {
	for name, world := range map[string]func(testing.TB) *World{"SQLite": SQLite, "PostgreSQL": func(t testing.TB) *World { return Postgres(t, 2) }} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			admin := w.Admin(len(w.Replica)-1, w.OwnerToken)
			for round := range 5 {
				for i, c := range closings {
					user := fmt.Sprintf("user-%d-%d", round, i)
					account := w.addAccountFor(user)
					device := w.RawDevice(0, user)
					errs := together(9, func(n int) error {
						if n == 4 {
							return c.do(w, admin, user, "x/"+user)
						}
						_, err := device.CheckOut(t, account, time.Hour)
						if keyshift.CodeOf(err) == keyshift.CodeInternal {
							return err
						}
						return nil
					})
					for _, err := range errs {
						if err != nil {
							t.Fatalf("%s: %v", c.name, err)
						}
					}
					if n := w.live(); n != 0 {
						t.Fatalf("%s, round %d: %d leases are live afterwards", c.name, round, n)
					}
				}
			}
		})
	}
}

// addAccountFor adds a user, and an account of the same name that many may hold.
func (w *World) addAccountFor(user string) string {
	w.t.Helper()
	w.AddUser(user)
	return w.AddAccount(user, &v1.AccountSettings{Exclusive: ptr(false)}, user)
}

// Owners who take the role from each other at the same moment leave one.
func TestOwnersDoNotAllLoseTheRoleAtOnce(t *testing.T) {
	w := Postgres(t, 2)
	names := []string{"owner", "lee"}
	w.AddUser("lee", v1.Role_ROLE_OWNER)
	owners := []*hubclient.Admin{w.Admin(0, w.OwnerToken), w.Admin(1, keyshift.NewSecret(w.token("lee")))}
	for round := range 10 {
		errs := together(2, func(i int) error {
			_, err := hubclient.Call(t.Context(), owners[i].Users.SetRoles, &v1.SetRolesRequest{User: names[1-i], Roles: []v1.Role{v1.Role_ROLE_MEMBER}})
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v, want one to win", round, errs[0], errs[1])
		}
		winner := 0
		if errs[1] == nil {
			winner = 1
		}
		loser := names[1-winner]
		if _, err := hubclient.Call(t.Context(), owners[winner].Users.SetRoles, &v1.SetRolesRequest{User: loser, Roles: []v1.Role{v1.Role_ROLE_OWNER}}); err != nil {
			t.Fatalf("round %d: make %s an owner again: %v", round, loser, err)
		}
		code, err := hubclient.Call(t.Context(), owners[winner].Users.CreateCode, &v1.CreateCodeRequest{User: loser, Kind: v1.CodeKind_CODE_KIND_LOGIN})
		if err != nil {
			t.Fatal(err)
		}
		owners[1-winner] = w.Admin(1-winner, w.Login(code.GetCode(), ""))
	}
}
