//go:build linux || darwin

package localclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	v1c "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/wire"
)

// begin sends a question as a program does that is not ready.
func begin(t *testing.T, path, procedure string, message []byte) *Begun {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // File has a copy
	if _, err := conn.Write(wire.Request(procedure, wire.CallLimit, message)); err != nil {
		t.Fatal(err)
	}
	file, err := conn.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	return NewBegun(path, procedure, message, file)
}

// counted counts the requests that a handler gets.
func counted(n *atomic.Int32, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		h.ServeHTTP(w, r)
	})
}

func checkOutOf(t *testing.T, account string) (*v1.LocalServiceCheckOutRequest, []byte) {
	t.Helper()
	req := &v1.LocalServiceCheckOutRequest{Account: account, Reason: "post", RequestId: "r1"}
	message, err := wire.Append(nil, req)
	if err != nil {
		t.Fatal(err)
	}
	return req, message
}

func TestWhatHasBegunIsNotAskedAgain(t *testing.T) {
	path, asked, agent := socket(t), &atomic.Int32{}, &contract{held: &v1.HeldLease{Ending: "wiping"}}
	serve(t, path, counted(asked, agent.mux()))
	req, message := checkOutOf(t, "x/acme")
	c := Resume(path, begin(t, path, v1c.LocalServiceCheckOutProcedure, message))
	for n := int32(1); n <= 2; n++ { // the second is asked as ever
		res, err := c.CheckOut(limited(t), req)
		if err != nil || res.GetLease().GetEnding() != "wiping" || asked.Load() != n || !proto.Equal(agent.asked, req) {
			t.Errorf("got %v, %v, and the agent was asked %v, %d times instead of %d", res, err, agent.asked, asked.Load(), n)
		}
	}
}

func TestWhatWasNotMeantIsAskedAnew(t *testing.T) {
	path, meant := socket(t), &atomic.Int32{}
	other, otherMessage := checkOutOf(t, "x/other")
	_, message := checkOutOf(t, "x/acme")
	serve(t, path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) == string(otherMessage) {
			meant.Add(1)
		}
		w.Header().Set("Content-Type", wire.ContentType)
	}))
	times := int32(0)
	for name, b := range map[string]*Begun{
		"nothing":           nil,
		"another question":  begin(t, path, v1c.LocalServiceCheckOutProcedure, message),
		"another procedure": begin(t, path, v1c.LocalServiceGetStatusProcedure, nil),
	} {
		times++
		if _, err := Resume(path, b).CheckOut(limited(t), other); err != nil || meant.Load() != times {
			t.Errorf("%s: %v, and the agent was asked %d times, want %d", name, err, meant.Load(), times)
		}
	}
	elsewhere := begin(t, path, v1c.LocalServiceCheckOutProcedure, message)
	if _, err := Resume(socket(t), elsewhere).CheckOut(limited(t), other); errors.Is(err, ErrAnswerLost) || err == nil {
		t.Errorf("an agent elsewhere: got %v", err)
	}
}

// TestTheCallerGivesUpWhatHasBegun ends the context while the agent thinks.
func TestTheCallerGivesUpWhatHasBegun(t *testing.T) {
	path, asked := socket(t), make(chan struct{})
	serve(t, path, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that the caller is gone when it has read everything
		close(asked)
		<-r.Context().Done()
	}))
	req, message := checkOutOf(t, "x/acme")
	ctx, cancel := context.WithCancel(limited(t))
	go func() {
		<-asked
		cancel()
	}()
	_, err := Resume(path, begin(t, path, v1c.LocalServiceCheckOutProcedure, message)).CheckOut(ctx, req)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrAnswerLost) {
		t.Errorf("got %v", err)
	}
}

func TestTheAnswerToWhatHasBegunIsLost(t *testing.T) {
	path := socket(t)
	serve(t, path, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	req, message := checkOutOf(t, "x/acme")
	_, err := Resume(path, begin(t, path, v1c.LocalServiceCheckOutProcedure, message)).CheckOut(limited(t), req)
	if !errors.Is(err, ErrAnswerLost) {
		t.Errorf("%v does not say that the answer is lost", err)
	}
}

// TestTheRestOfALongAnswerIsWaitedFor sends one in pieces, as a server does that does not know how long it will be.
func TestTheRestOfALongAnswerIsWaitedFor(t *testing.T) {
	path := socket(t)
	want, err := proto.Marshal(&v1.LocalServiceGetStatusResponse{User: "dana", HubName: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", wire.ContentType)
		for _, b := range want {
			_, _ = w.Write([]byte{b})
			_ = http.NewResponseController(w).Flush()
		}
	}))
	res, err := Resume(path, begin(t, path, v1c.LocalServiceGetStatusProcedure, nil)).Status(limited(t))
	if err != nil || res.GetUser() != "dana" || res.GetHubName() != "acme" {
		t.Errorf("got %v, %v", res, err)
	}
}
