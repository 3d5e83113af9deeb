package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// However many accounts somebody may use, the list is whole and in order, and a name is looked up without it.
func TestManyAccounts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		for i := range 7 {
			more := &fakeAccount{Lendable: proto.CloneOf(w.hub.accounts[0].Lendable)}
			more.AccountId, more.Handle = fmt.Sprintf("01890a5d-ac96-774b-bcce-b302099b800%d", i), fmt.Sprintf("brand%d", 6-i)
			w.hub.accounts = append(w.hub.accounts, more)
		}
		cafe := proto.CloneOf(w.hub.accounts[0].Lendable)
		cafe.AccountId, cafe.Handle = "01890a5d-ac96-774b-bcce-b302099b9000", "Acme.Çafé"
		w.hub.accounts = append(w.hub.accounts, &fakeAccount{Lendable: cafe})
		list, err := a.Accounts(t.Context())
		var got []string
		for _, account := range list {
			got = append(got, accountName(account.GetNetwork(), account.GetHandle()))
		}
		want := "[instagram/acme x/Acme.Çafé x/acme x/brand0 x/brand1 x/brand2 x/brand3 x/brand4 x/brand5 x/brand6 x/ephemera]"
		if fmt.Sprint(got) != want || err != nil {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
		before := w.hub.asked("ListLendable")
		for name, want := range map[string]string{"X/BRAND3": w.hub.accounts[6].GetAccountId(), "acme.çAFÉ": cafe.GetAccountId()} {
			if got, err := a.findAccount(t.Context(), name); got != want || err != nil {
				t.Errorf("%s is %s, %v, want %s", name, got, err, want)
			}
		}
		if asked := w.hub.asked("ListLendable") - before; asked != 1+6 {
			t.Errorf("two names took %d questions, want 1 for the one and 6 for the one with accents", asked)
		}
		w.hub.with(func() { w.hub.accounts[5].Network = v1.Network_NETWORK_PINTEREST })
		if _, err := a.findAccount(t.Context(), "x/brand4"); err == nil {
			t.Error("an account of another network was found")
		}
	})
}

// ListLendable has pages of two accounts, so that every list takes several.
func (h *fakeHub) ListLendable(_ context.Context, q *v1.ListLendableRequest) (*v1.ListLendableResponse, error) {
	h.called("ListLendable")
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*v1.Lendable
	for _, a := range h.accounts {
		if q.GetHandle() == "" || strings.EqualFold(q.GetHandle(), a.GetHandle()) {
			all = append(all, a.Lendable)
		}
	}
	first, _ := strconv.Atoi(q.GetPageToken())
	answer := &v1.ListLendableResponse{Accounts: all[first:min(first+2, len(all))]}
	if first+2 < len(all) {
		answer.NextPageToken = strconv.Itoa(first + 2)
	}
	return answer, nil
}
