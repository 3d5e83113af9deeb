//go:build linux || darwin

package localclient

import (
	"context"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// noted is a way that asks nobody and remembers the last question.
type noted struct {
	procedure string
	req, res  proto.Message
}

func (n *noted) ask(_ context.Context, procedure string, req, res proto.Message) error {
	*n = noted{procedure, req, res}
	return nil
}

// TestEveryMethodOfTheContractIsAskedWithItsMessages calls whatever asks for a message.
func TestEveryMethodOfTheContractIsAskedWithItsMessages(t *testing.T) {
	last := &noted{}
	c := New("/run/x/agent.sock")
	c.way = last
	asked := map[string]bool{}
	for i := range reflect.TypeOf(c).NumMethod() {
		method := reflect.ValueOf(c).Method(i)
		if kind := method.Type(); kind.NumOut() != 2 || !kind.Out(0).Implements(reflect.TypeFor[proto.Message]()) {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for a := 1; a < method.Type().NumIn(); a++ {
			args = append(args, reflect.Zero(method.Type().In(a)))
		}
		if got := method.Call(args)[0].Interface(); got != any(last.res) {
			t.Errorf("%s gives %T, the answer was read into %T", reflect.TypeOf(c).Method(i).Name, got, last.res)
		}
		asked[last.procedure] = true
		last.compare(t)
	}
	if methods := service().Methods(); len(asked) != methods.Len() {
		t.Errorf("%d methods of %d are asked: %v", len(asked), methods.Len(), asked)
	}
}

func service() protoreflect.ServiceDescriptor {
	return v1.File_keyshift_v1_local_proto.Services().ByName("LocalService")
}

// compare holds the question against the contract.
func (n *noted) compare(t *testing.T) {
	t.Helper()
	for i := range service().Methods().Len() {
		method := service().Methods().Get(i)
		if n.procedure != "/"+string(service().FullName())+"/"+string(method.Name()) {
			continue
		}
		if in, out := n.req.ProtoReflect().Descriptor(), n.res.ProtoReflect().Descriptor(); in != method.Input() || out != method.Output() {
			t.Errorf("%s is asked with %s for %s", n.procedure, in.Name(), out.Name())
		}
		return
	}
	t.Errorf("the contract has no %q", n.procedure)
}
