package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A device that opens stream after stream, or a proxy that sends its request again and again, keeps only a few.
func TestADeviceHasFewStreams(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	var all []<-chan struct{}
	for range 100 {
		news, end, err := w.hub.Watch(t.Context(), w.ending(device))
		w.must(err)
		defer end()
		all = append(all, news)
	}
	open := 0
	for i, news := range all {
		select {
		case _, still := <-news:
			if still {
				t.Errorf("stream %d got news, want its end", i)
			}
		default:
			open++
		}
	}
	if open == 0 || open > 8 {
		t.Errorf("%d of 100 streams are open, want a few", open)
	}
	w.hub.Broker().Wake(hub.TopicDevice, string(device))
	select {
	case _, still := <-all[99]:
		if !still {
			t.Error("the newest stream was ended")
		}
	default:
		t.Error("the newest stream is not woken")
	}
}

// Anybody who has seen a device's id can sign wrongly in its name. That must not make the hub write for ever.
func TestRefusedSignaturesAreCountedOnlyUntilTheFlag(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	for range 3 * keyshift.FlagAfter {
		w.must(w.hub.RefusedSignature(t.Context(), device))
	}
	d, err := w.hub.Store.Read(t.Context()).Device(device)
	if err != nil || d.Refusals != keyshift.FlagAfter {
		t.Errorf("%d refusals were written, %v, want %d", d.Refusals, err, keyshift.FlagAfter)
	}
}
