package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// listening starts a listener and gives what it hears.
func listening(t *testing.T, b *Bus) (heard <-chan string, ended <-chan error) {
	t.Helper()
	texts, over, ready := make(chan string, 100), make(chan error, 1), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { over <- b.Listen(ctx, func() { close(ready) }, func(text string) { texts <- text }) }()
	select {
	case <-ready:
	case err := <-over:
		t.Fatal(err)
	}
	return texts, over
}

func TestANotifierWhoseConnectionWasLostIsReplacedAtOnce(t *testing.T) {
	dsn := testpg.New(t)
	direct, through := newProxy(t, dsn)
	heard, _ := listening(t, NewBus(dsn, "news"))
	b := NewBus(through, "news")
	for i, text := range []string{"one", "two", "three"} {
		if i > 0 {
			direct.set("", nil, true) // every connection ends
			direct.set("", nil, false)
		}
		if err := b.Notify(t.Context(), text); err != nil {
			t.Error(err)
		}
		same(t, "heard", <-heard, text)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestABusWhoseConnectionHangsDoesNotHang(t *testing.T) {
	p, through := newProxy(t, testpg.New(t))
	silent := NewBus(through, "news")
	silent.askEvery, silent.patience = 100*time.Millisecond, 300*time.Millisecond
	_, ended := listening(t, silent)
	speaker := NewBus(through, "news")
	speaker.patience = 300 * time.Millisecond
	if err := speaker.Notify(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	p.freeze()
	if err := speaker.Notify(t.Context(), "two"); err == nil {
		t.Error("a notification that nobody took was told")
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "listener") {
		t.Errorf("got %v", err)
	}
}

func TestABusSaysNothingOfItsAddress(t *testing.T) {
	for _, dsn := range []string{"postgres://dana:hunter2secret@127.0.0.1:1/x?connect_timeout=2", "postgres://dana:hunter2secret@h:port/x"} {
		b := NewBus(dsn, "news")
		for _, err := range []error{b.Notify(t.Context(), "x"), b.Listen(t.Context(), func() {}, func(string) {})} {
			if err == nil || strings.Contains(err.Error(), "hunter2secret") {
				t.Errorf("got %v", err)
			}
		}
	}
}
