package systest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestAListGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	want := []string{"owner", "dana", "lee", "maria", "noor"}
	for _, name := range want[1:] {
		w.AddUser(name)
	}
	var got []string
	sizes := []int{}
	for token := ""; ; {
		page := Do(t, w.Owner.Users.ListUsers, &v1.ListUsersRequest{PageSize: 2, PageToken: token})
		sizes = append(sizes, len(page.GetUsers()))
		for _, u := range page.GetUsers() {
			got = append(got, u.GetName())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if !cmp.Equal(got, want) || !cmp.Equal(sizes, []int{2, 2, 1}) {
		t.Errorf("users = %v in pages of %v, want %v in pages of 2, 2 and 1", got, sizes, want)
	}
	for name, req := range map[string]*v1.ListUsersRequest{"too big a page": {PageSize: 501}, "a negative page": {PageSize: -1}, "a made-up token": {PageToken: "%%%"}} {
		if _, err := hubclient.Call(t.Context(), w.Owner.Users.ListUsers, req); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
			t.Errorf("%s: %v, want field_invalid", name, err)
		}
	}
}
