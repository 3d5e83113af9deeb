package systest

import (
	"bytes"
	"encoding/base64"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// hostile is one way to fill a request with what no program of ours would send.
type hostile struct {
	name   string
	text   string
	number int64
	// nested leaves out what is inside of messages.
	nested bool
}

var hostiles = []hostile{
	{"nothing", "", 0, false},
	{"empty messages", "", 0, true},
	{"a zero byte", "x/a\x00b", 1, true},
	{"a zero byte alone", "\x00", -1, true},
	{"the largest numbers", "x/acme", math.MaxInt64, true},
	{"the smallest numbers", "x/acme", math.MinInt64, true},
	{"the last second of year 9999", "alice", 253402300799, true},
	{"the first second of year 1", "alice", -62135596800, true},
	{"text without end", "x/" + strings.Repeat("ä", 3000), 500, true},
	{"turned text", "x/\u202eemca", 3, true},
	{"SQL", "x/' OR 1=1; --", 2, true},
	{"a page token that is not text", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe\x00")), 1, true},
}

// fill sets every field of a message.
func (h hostile) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.Name() == "request_id":
			m.Set(f, protoreflect.ValueOfString(hubclient.NewRequestID()))
		case f.IsMap(), f.Message() != nil && (!h.nested || depth > 2):
		case f.IsList():
			h.fillList(m.Mutable(f).List(), f, depth)
		case f.Message() != nil:
			h.fill(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, h.scalar(f))
		}
	}
}

func (h hostile) fillList(list protoreflect.List, f protoreflect.FieldDescriptor, depth int) {
	for range 3 {
		if f.Message() == nil {
			list.Append(h.scalar(f))
			continue
		}
		item := list.NewElement()
		h.fill(item.Message(), depth+1)
		list.Append(item)
	}
}

func (h hostile) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(h.text)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(h.text))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(h.number != 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(int32(h.number))) //nolint:gosec // any number will do
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(h.number)) //nolint:gosec // any number will do
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(h.number)
	}
	panic("the contract has a new kind of field: " + f.Kind().String())
}

// endsOrWaits are the methods that end what the others need, or that wait as long as they are asked to.
var endsOrWaits = []string{
	keyshiftv1connect.AuthServiceLogoutProcedure, keyshiftv1connect.AgentServiceUnenrollProcedure,
	keyshiftv1connect.AgentServiceWatchProcedure, keyshiftv1connect.AgentServiceAwaitNewsProcedure,
}

// I13: whatever is sent to a method, by whoever may call it, is answered; it is never an error inside the hub.
func TestNoRequestIsAnErrorInsideTheHub(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *World) {
		w.AddUser("alice")
		w.AddAccount("acme", nil, "alice")
		device := w.RawDevice(0, "alice")
		var seq atomic.Uint64
		seq.Store(1000)
		for _, path := range slices.Sorted(maps.Keys(w.Replica[0].API.Access())) {
			access := w.Replica[0].API.Access()[path]
			if slices.Contains(endsOrWaits, path) {
				continue
			}
			for _, h := range hostiles {
				body := w.hostileBody(path, h)
				status, code := w.send(path, body, func(r *http.Request) {
					r.Header.Set("Authorization", "Bearer "+w.OwnerToken.Reveal())
					if access.Kind == hub.DeviceAccess {
						key := httpsig.RequestKey{DeviceID: device.ID, Seq: seq.Add(1), Key: device.Keys.Signing(), Now: time.Now()}
						if err := httpsig.SignRequest(r, body, device.Config.Target.HubID, key); err != nil {
							t.Fatal(err)
						}
					}
				})
				if status >= http.StatusInternalServerError || code == string(keyshift.CodeInternal) {
					t.Errorf("%s with %s: %d %s", path, h.name, status, code)
				}
			}
		}
	})
}

func (w *World) hostileBody(path string, h hostile) []byte {
	w.t.Helper()
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		w.t.Fatal(err)
	}
	m := dynamicpb.NewMessage(found.(protoreflect.MethodDescriptor).Input())
	h.fill(m, 0)
	body, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if found.(protoreflect.MethodDescriptor).IsStreamingServer() {
		return append([]byte{0, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	}
	return body
}

func (w *World) send(path string, body []byte, with func(*http.Request)) (status int, code string) {
	w.t.Helper()
	s := w.Replica[0]
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/proto")
	if path == keyshiftv1connect.AuditServiceExportProcedure {
		req.Header.Set("Content-Type", "application/connect+proto")
	}
	with(req)
	client := hubclient.NewHTTPClient(hubclient.Target{URL: s.URL(), TLSPin: s.Hub.TLSPin})
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Keyshift-Code")
}

// Who gives the hub no time is told that, and the hub's log is not filled with it.
func TestADeadlineThatIsOverIsNotAnErrorInsideTheHub(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	for _, path := range []string{keyshiftv1connect.UserServiceListUsersProcedure, keyshiftv1connect.UserServiceAddUserProcedure, keyshiftv1connect.AuthServiceLoginProcedure} {
		for _, timeout := range []string{"0", "1", "9999999999", "-1", "x", "99999999999999999999"} {
			status, code := w.send(path, w.hostileBody(path, hostiles[0]), func(r *http.Request) {
				r.Header.Set("Authorization", "Bearer "+w.OwnerToken.Reveal())
				r.Header.Set("Connect-Timeout-Ms", timeout)
			})
			if status == http.StatusInternalServerError || code == string(keyshift.CodeInternal) {
				t.Errorf("%s within %q ms: %d %s", path, timeout, status, code)
			}
		}
	}
}
