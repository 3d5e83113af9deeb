package api

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// declaredCodes reads the constants of type Code from the source of the domain, so that none can be forgotten here.
func declaredCodes(t *testing.T) []keyshift.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../keyshift/errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var codes []keyshift.Code
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			codes = append(codes, codesOf(t, spec)...)
		}
		return true
	})
	if len(codes) < 40 {
		t.Fatalf("only %d codes found: the domain declares them elsewhere now", len(codes))
	}
	return codes
}

func codesOf(t *testing.T, spec *ast.ValueSpec) (codes []keyshift.Code) {
	t.Helper()
	if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
		return nil
	}
	for _, value := range spec.Values {
		text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, keyshift.Code(text))
	}
	return codes
}

func TestEveryCodeHasItsPlace(t *testing.T) {
	codes := declaredCodes(t)
	known := map[keyshift.Code]bool{CodeUsage: true, CodeDeclined: true, CodeInterrupted: true}
	for _, code := range codes {
		known[code] = true
		if _, ok := connectCodes[code]; !ok {
			t.Errorf("%s has no Connect code: add it to connectCodes", code)
		}
		if _, ok := exits[code]; !ok {
			t.Errorf("%s has no exit code: add it to exits", code)
		}
		if !codeForm().MatchString(string(code)) {
			t.Errorf("%s has not the form of a code", code)
		}
	}
	for code := range connectCodes {
		if !known[code] {
			t.Errorf("connectCodes has %s, which the domain does not", code)
		}
	}
	for code := range exits {
		if !known[code] {
			t.Errorf("exits has %s, which the domain does not", code)
		}
	}
}

func TestErrorCrossesTheWire(t *testing.T) {
	inUse := keyshift.Refuse(keyshift.CodeAccountInUse, "@acme is with dana until 14:30.", "Ask again then.").
		With("holder", "dana").With("until", "2026-11-22T14:30:00Z").Because(errors.New("row 7 of leases"))
	tests := []struct {
		name string
		err  error
		want *keyshift.Error
	}{
		{"for people", inUse, &keyshift.Error{Code: keyshift.CodeAccountInUse, Text: inUse.Text, Hint: inUse.Hint, Facts: inUse.Facts}},
		{"wrapped", errors.Join(errors.New("x"), keyshift.ErrLeaseOver), keyshift.ErrLeaseOver},
		{"not for people", errors.New("open /var/lib/keyshift.db: disk I/O error"), errInternal},
		{"context", context.Canceled, errInternal},
		{"unreadable", connect.NewError(connect.CodeInvalidArgument, "unmarshal: “hunter2”"),
			&keyshift.Error{Code: keyshift.CodeBodyInvalid, Text: "The request cannot be read.", Hint: "Send it as the API description says."}},
		{"too big", connect.NewError(connect.CodeResourceExhausted, "message is larger"),
			&keyshift.Error{Code: keyshift.CodeBodyTooBig, Text: "The request is too big.", Hint: "Send at most 1 MiB."}},
		{"unknown method", connect.NewError(connect.CodeUnimplemented, "x"),
			&keyshift.Error{Code: keyshift.CodeNotFound, Text: "There is no such method.", Hint: "Compare the versions of both programs."}},
		{"other word of the library", connect.NewError(connect.CodeUnknown, "x"), errInternal},
		{"another server's word", connect.NewError(connect.CodeInvalidArgument, "x").WithRemote(), errInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, ok := errors.AsType[*connect.Error](ToConnect(tt.err))
			if !ok {
				t.Fatal("not a Connect error")
			}
			if sent.Code() != ConnectCode(tt.want.Code) || sent.Message() != tt.want.Text {
				t.Errorf("sent %v %q", sent.Code(), sent.Message())
			}
			if !errors.Is(sent, tt.err) {
				t.Error("the log does not get the cause")
			}
			got := FromConnect(onWire(sent))
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(keyshift.Error{}, "Cause")); diff != "" {
				t.Errorf("arrived (-want +got):\n%s", diff)
			}
		})
	}
}

// onWire keeps what a transport carries.
func onWire(e *connect.Error) *connect.Error {
	out := connect.NewError(e.Code(), e.Message()).WithRemote()
	for _, d := range e.Details() {
		out = out.WithDetail(&connect.ErrorDetail{Type: d.Type, Value: d.Value})
	}
	return out
}

func TestNilStaysNil(t *testing.T) {
	if err := ToConnect(nil); err != nil {
		t.Errorf("ToConnect(nil) = %v", err)
	}
	if err := FromConnect(nil); err != nil {
		t.Errorf("FromConnect(nil) = %v", err)
	}
	if e := FromInfo(nil); e != nil {
		t.Errorf("FromInfo(nil) = %v", e)
	}
}

func TestAnswersWithoutInfo(t *testing.T) {
	other, err := connectproto.NewErrorDetail(durationpb.New(1))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		err  error
		want keyshift.Code
	}{
		{"not there", connect.NewError(connect.CodeUnavailable, "dial: refused"), keyshift.CodeUnavailable},
		{"too late", connect.NewError(connect.CodeDeadlineExceeded, "late"), keyshift.CodeUnavailable},
		{"given up", connect.NewError(connect.CodeCanceled, "x").WithCause(context.Canceled), keyshift.CodeUnavailable},
		{"too much", connect.NewError(connect.CodeResourceExhausted, "x"), keyshift.CodeRateLimited},
		{"a proxy's 403", connect.NewError(connect.CodePermissionDenied, "x"), keyshift.CodeForbidden},
		{"a proxy's 404", connect.NewError(connect.CodeUnimplemented, "x"), keyshift.CodeUnavailable},
		{"another detail", connect.NewError(connect.CodeUnknown, "x").WithDetail(other), keyshift.CodeInternal},
		{"broken detail", connect.NewError(connect.CodeUnknown, "x").WithDetail(&connect.ErrorDetail{Type: "keyshift.v1.ErrorInfo", Value: []byte{0xff}}), keyshift.CodeInternal},
		{"no Connect error", errors.New("x"), keyshift.CodeInternal},
		{"ours already", keyshift.ErrNotFound, keyshift.CodeNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := FromConnect(tt.err)
			if got.Code != tt.want {
				t.Errorf("got %s, want %s", got.Code, tt.want)
			}
			if got.Text == "" || got.Hint == "" {
				t.Errorf("says nothing: %q, %q", got.Text, got.Hint)
			}
			if !errors.Is(got, tt.err) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestForeignWordsAreCleaned(t *testing.T) {
	hostile := "\x1b[2Jhidden\u202e " + strings.Repeat("x", 2000)
	e := keyshift.Refuse("Not A Code\n", hostile, hostile).With("holder", hostile)
	got := FromInfo(ToInfo(e))
	if got.Code != keyshift.CodeInternal {
		t.Errorf("got code %q", got.Code)
	}
	for _, s := range []string{got.Text, got.Hint, got.Facts["holder"]} {
		if strings.ContainsAny(s, "\x1b\u202e") || len(s) > 1100 {
			t.Errorf("%d bytes kept, beginning %q", len(s), s[:20])
		}
	}
	if len(got.Facts["holder"]) > 310 {
		t.Errorf("a fact of %d bytes", len(got.Facts["holder"]))
	}
}

func TestTextThatIsNotUTF8StillTravels(t *testing.T) {
	err := ToConnect(keyshift.Refuse(keyshift.CodeNotFound, "There is no \xff.", ""))
	if got := connect.CodeOf(err); got != connect.CodeNotFound {
		t.Errorf("got %v", got)
	}
}

func TestCodeHeader(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{keyshift.ErrLeaseOver, "lease_over"},
		{errors.New("x"), "internal"},
		{connect.NewError(connect.CodeInvalidArgument, "x"), "body_invalid"},
		{ToConnect(keyshift.ErrLeaseOver), "lease_over"},
	}
	for _, tt := range tests {
		h, c := http.Header{}, &connect.Header{}
		SetCodeHeader(h, tt.err)
		SetCodeHeader(c, tt.err)
		if got := h.Get(CodeHeader); got != tt.want || c.Get(CodeHeader) != tt.want {
			t.Errorf("%v: got %q and %q, want %q", tt.err, got, c.Get(CodeHeader), tt.want)
		}
	}
}
