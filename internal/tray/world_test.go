package tray

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// morning is when the pictures of tests are taken.
var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// enrolled is a view of a connected agent that holds leases.
func enrolled(leases ...*v1.HeldLease) View {
	return View{
		Picture: Picture{Status: &v1.LocalServiceGetStatusResponse{Enrolled: true, Connected: true, Trust: v1.Trust_TRUST_OK, Leases: leases}, At: morning},
		Words:   i18n.For(i18n.English), Zone: time.UTC,
	}
}

// lease is a live lease of an account of X.
func lease(handle string, left time.Duration) *v1.HeldLease {
	return &v1.HeldLease{
		Lease: &v1.Lease{
			Id: "lease-" + handle, AccountId: "account-" + handle, Handle: handle, Network: v1.Network_NETWORK_X, State: v1.LeaseState_LEASE_STATE_ACTIVE,
			StartedAt: timestamppb.New(morning.Add(left - 2*time.Hour)), EndsAt: timestamppb.New(morning.Add(left)), MaxDuration: durationpb.New(8 * time.Hour),
		},
		TimeLeft: durationpb.New(left),
	}
}
