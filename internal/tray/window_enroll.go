package tray

import (
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Invitation is what is known of a hub before its code is used: enough to say yes or no.
type Invitation struct {
	// Name is empty while the hub does not answer; Note says so.
	Name     string
	Address  string
	KeyWords string
	Note     string
}

// InvitationOf puts a preview into words.
func InvitationOf(c i18n.Catalog, got *v1.LocalServicePreviewCodeResponse) Invitation {
	i := Invitation{Name: keyshift.CleanText(got.GetHubName(), 100), Address: keyshift.CleanText(got.GetHubUrl(), 200), KeyWords: got.GetHubKey()}
	if got.GetProblem() != nil {
		i.Note = c.Text("enroll_name_unknown")
	}
	return i
}
