package osring

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAValueThatComesTooLateIsCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := []byte("seed")
		release := make(chan struct{})
		_, err := newWorker().run(t.Context(), time.Second, func(context.Context) ([]byte, error) {
			<-release
			return value, nil
		})
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("run = %v, want ErrTimeout", err)
		}
		close(release)
		synctest.Wait()
		if diff := cmp.Diff(make([]byte, 4), value); diff != "" {
			t.Errorf("late value (-want +got):\n%s", diff)
		}
	})
}
