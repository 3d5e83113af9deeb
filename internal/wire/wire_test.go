package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/wire"
)

// spoken lists the messages that a service has in its questions and answers.
func spoken(t rapid.TB, service protoreflect.ServiceDescriptor) []protoreflect.MessageType {
	t.Helper()
	var types []protoreflect.MessageType
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		for _, d := range []protoreflect.MessageDescriptor{method.Input(), method.Output()} {
			found, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
			if err != nil {
				t.Fatal(err)
			}
			types = append(types, found)
		}
	}
	return types
}

func local() protoreflect.ServiceDescriptor {
	return v1.File_keyshift_v1_local_proto.Services().ByName("LocalService")
}

// draw fills a message by its descriptor, some levels deep.
func draw(t *rapid.T, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !rapid.Bool().Draw(t, "has") || f.Message() != nil && depth == 0 {
			continue
		}
		switch {
		case f.IsMap():
			entries := m.Mutable(f).Map()
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				entries.Set(protoreflect.ValueOfString(rapid.String().Draw(t, "key")).MapKey(), value(t, f.MapValue(), entries.NewValue, depth))
			}
		case f.IsList():
			list := m.Mutable(f).List()
			for range rapid.IntRange(0, 3).Draw(t, "length") {
				list.Append(value(t, f, list.NewElement, depth))
			}
		default:
			m.Set(f, value(t, f, func() protoreflect.Value { return m.NewField(f) }, depth))
		}
	}
}

func value(t *rapid.T, f protoreflect.FieldDescriptor, empty func() protoreflect.Value, depth int) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.MessageKind:
		v := empty()
		draw(t, v.Message(), depth-1)
		return v
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32().Draw(t, "enum")))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.String().Draw(t, "string"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	default:
		t.Fatalf("%s is of a kind that this test cannot make", f.FullName())
		return protoreflect.Value{}
	}
}

// TestTheLocalAPIIsPlain is the promise of the package: whatever programs and agent say to each other is read and written as
// the library does it.
func TestTheLocalAPIIsPlain(t *testing.T) {
	for _, kind := range spoken(t, local()) {
		t.Run(string(kind.Descriptor().Name()), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				want := kind.New()
				draw(r, want, 4)
				sameBothWays(r, want.Interface())
			})
		})
	}
}

func sameBothWays(t rapid.TB, want proto.Message) {
	t.Helper()
	data, err := proto.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := want.ProtoReflect().New().Interface()
	if err := wire.Read(data, got); err != nil || !proto.Equal(got, want) {
		t.Fatalf("read %v, %v, want %v", got, err, want)
	}
	data, err = wire.Append([]byte("head"), want)
	if err != nil {
		t.Fatal(err)
	}
	proto.Reset(got)
	if err := proto.Unmarshal(bytes.TrimPrefix(data, []byte("head")), got); err != nil || !proto.Equal(got, want) {
		t.Fatalf("wrote %v, %v, want %v", got, err, want)
	}
}

func TestWhatIsNotPlainIsRefused(t *testing.T) {
	for name, m := range map[string]proto.Message{
		"optional":        &v1.AccountSettings{Exclusive: proto.Bool(true)},
		"list of numbers": &v1.User{Roles: []v1.Role{v1.Role_ROLE_ADMIN}},
		"no UTF-8":        &v1.LocalServiceCheckOutRequest{Reason: "\xff"},
		"no UTF-8 within": &v1.LocalServiceSyncResponse{Status: &v1.LocalServiceGetStatusResponse{User: "\xff"}},
	} {
		if data, err := wire.Append(nil, m); !errors.Is(err, wire.ErrOdd) {
			t.Errorf("%s: written as %x, %v", name, data, err)
		}
	}
	for name, tt := range map[string]struct {
		data []byte
		into proto.Message
	}{
		"optional":        {[]byte{8, 1, 16, 1, 24, 1, 32, 1, 40, 1, 48, 1}, &v1.AccountSettings{}},
		"list of numbers": {[]byte{34, 1, 1}, &v1.User{}},
		"no UTF-8":        {[]byte("\x12\x01\xff"), &v1.LocalServiceGetStatusResponse{}},
		"no UTF-8 in map": {[]byte("\x22\x03\x0a\x01\xff"), &v1.ErrorInfo{}},
	} {
		if err := wire.Read(tt.data, tt.into); !errors.Is(err, wire.ErrOdd) {
			t.Errorf("%s: read as %v, %v", name, tt.into, err)
		}
	}
}

func TestWhatIsNoMessageIsAnError(t *testing.T) {
	for _, data := range []string{"\xff", "\x0a\x05ab", "\x00\x00", "\x0a", "\x5a\x02\x0a\x05", "\x0b"} {
		if err := wire.Read([]byte(data), &v1.LocalServiceGetStatusResponse{}); err == nil || errors.Is(err, wire.ErrOdd) {
			t.Errorf("%x: got %v", data, err)
		}
	}
}

// TestAMessageIsReadIntoAnother as the library merges them.
func TestAMessageIsReadIntoAnother(t *testing.T) {
	m := &v1.LocalServiceCheckOutRequest{Reason: "post", Duration: &durationpb.Duration{Seconds: 7}}
	want := &v1.LocalServiceCheckOutRequest{Account: "x/acme", Reason: "post", Duration: &durationpb.Duration{Seconds: 7, Nanos: 1}}
	if err := wire.Read([]byte("\x0a\x06x/acme\x1a\x02\x10\x01"), m); err != nil || !proto.Equal(m, want) {
		t.Errorf("got %v, %v, want %v", m, err, want)
	}
}

// FuzzRead looks for bytes that are read otherwise than by the library.
func FuzzRead(f *testing.F) {
	types := spoken(f, local())
	f.Add(0, []byte("\x0a\x06x/acme\x12\x06launch\x1a\x03\x08\x90\x1c"))
	f.Add(1, []byte("\x08\x01\x12\x01a\x5a\x08\x22\x06\x0a\x01a\x12\x01b\x62\x04\x12\x02\x08\x07\x62\x00\xf8\x01\x01"))
	f.Add(1, []byte("\x62\x04\x0b\x08\x01\x0c\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		kind := types[max(which, -which, 0)%len(types)]
		got, want := kind.New().Interface(), kind.New().Interface()
		err := wire.Read(data, got)
		wanted := proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, want)
		if (err == nil) != (wanted == nil) || err == nil && !proto.Equal(got, want) {
			t.Errorf("%s: read %v, %v, want %v, %v", kind.Descriptor().Name(), got, err, want, wanted)
		}
	})
}
