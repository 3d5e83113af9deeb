// Package sealtest looks for secrets in what programs print.
package sealtest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// NeverPrints prints v on every path we know and fails when any of the secrets is in it, when v prints as something else than
// [redacted], or when it can be marshaled.
func NeverPrints(t testing.TB, v any, secrets ...[]byte) {
	t.Helper()
	printed := everyPrint(v)
	for _, secret := range secrets {
		for _, form := range []string{"%s", "%x", "%X", "%v", "%#v"} {
			if strings.Contains(printed, strings.Trim(fmt.Sprintf(form, secret), "[]")) {
				t.Errorf("printed a key as %s", form)
			}
		}
	}
	if got := fmt.Sprint(v); got != "[redacted]" {
		t.Errorf("prints as %q, want [redacted]", got)
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "XML": xml.Marshal} {
		if got, err := marshal(v); err == nil {
			t.Errorf("marshals to %s: %s", name, got)
		}
	}
}

func everyPrint(v any) string {
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", v, []any{v})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	return out.String()
}
