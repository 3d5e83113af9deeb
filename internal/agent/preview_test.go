package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestACodeIsLookedAtBeforeItIsUsed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		code := w.code()
		got, err := a.PreviewCode(t.Context(), code)
		if err != nil || got.GetHubName() != "Acme Inc" || got.GetHubUrl() != w.server.Target().URL || got.GetHubKey() != keyshift.KeyText(w.server.Target().HubKey) || got.GetProblem() != nil {
			t.Errorf("%v, %v, want the hub with its name and key", got, err)
		}
		w.cut.set(true)
		got, err = a.PreviewCode(t.Context(), code)
		if err != nil || got.GetHubName() != "" || got.GetHubKey() == "" || got.GetProblem().GetCode() != string(keyshift.CodeHubUnreachable) {
			t.Errorf("without a network: %v, %v, want the key and why there is no name", got, err)
		}
		w.cut.set(false)
		_, other, _ := ed25519.GenerateKey(rand.Reader)
		w.server.SignWith(other)
		_, err = a.PreviewCode(t.Context(), code)
		w.wantCode(err, keyshift.CodeHubIdentityChanged)
		w.server.SignWith(nil)
		_, err = a.PreviewCode(t.Context(), "keyshift1-nonsense")
		w.wantCode(err, keyshift.CodeCodeInvalid)
		if _, err := a.Enroll(t.Context(), code, "laptop"); err != nil {
			t.Errorf("the code was used up: %v", err)
		}
		w.settle(time.Second)
		_, err = a.PreviewCode(t.Context(), w.code())
		w.wantCode(err, keyshift.CodeAlreadyEnrolled)
	})
}
