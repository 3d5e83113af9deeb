// Package nativetest has samples of the messages of package native, good and bad ones, made from their shapes. Go and the
// extension judge the same samples, so that neither takes what the other refuses.
package nativetest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// Sample is a value for a type of the contract.
type Sample struct {
	// Type is the Go type's name.
	Type string `json:"type"`
	// Why says what is special about it.
	Why string `json:"why"`
	// Good tells whether it has to be taken.
	Good    bool            `json:"good"`
	Message json.RawMessage `json:"message"`
}

// Types are all bodies, and the envelope around them, by name.
func Types() map[string]any {
	all := []any{native.Error{}, native.Envelope{}}
	for _, r := range native.Requests() {
		all = append(all, r.Body, r.Answer)
	}
	for _, e := range native.Events() {
		all = append(all, e.Body)
	}
	types := map[string]any{}
	for _, zero := range all {
		types[native.ShapeOf(zero).Name] = zero
	}
	return types
}

// Samples makes them all, in the order of the types' names.
func Samples() (list []Sample) {
	types := Types()
	for _, name := range slices.Sorted(maps.Keys(types)) {
		s := native.ShapeOf(types[name])
		for _, v := range append(structs(s), wrongKind("object")...) {
			raw, err := json.Marshal(v.value)
			if err != nil {
				panic(err) // strings, numbers, lists and maps
			}
			list = append(list, Sample{name, v.why, v.good, raw})
		}
	}
	return list
}

// variant is a value that a shape takes or not.
type variant struct {
	why   string
	value any
	good  bool
}

func good(why string, value any) variant { return variant{why, value, true} }
func bad(why string, value any) variant  { return variant{why, value, false} }

// wrongKind are values of every kind but one.
func wrongKind(but string) (list []variant) {
	for kind, value := range map[string]any{"string": "abc", "number": 7, "bool": true, "list": []any{}, "object": map[string]any{}, "null": nil} {
		if kind != but {
			list = append(list, bad("a "+kind, value))
		}
	}
	return list
}

// structs are a struct with each field in each of its variants, without each, and with more.
func structs(s *native.Shape) []variant {
	list := []variant{good("as it should be", plain(s))}
	for _, f := range s.Fields {
		for _, v := range values(f.Shape) {
			list = append(list, variant{f.Name + ": " + v.why, with(s, f.Name, v.value), v.good})
		}
		without := with(s, f.Name, nil)
		delete(without, f.Name)
		list = append(list, variant{"without " + f.Name, without, f.Optional})
	}
	for _, name := range []string{"personal_handle", "url", "Lease_ID", "__proto__", "constructor", "toString", ""} {
		list = append(list, bad("with "+name, with(s, name, "abc")))
	}
	return list
}

func with(s *native.Shape, field string, value any) map[string]any {
	m := plain(s).(map[string]any)
	m[field] = value
	return m
}

// plain is the simplest value that a shape takes.
func plain(s *native.Shape) any {
	switch s.Kind {
	case native.KindBool:
		return true
	case native.KindInt:
		return 7
	case native.KindWord:
		return s.Words[0]
	case native.KindOrigin:
		return "https://x.com"
	case native.KindList:
		return []any{plain(s.Element)}
	case native.KindStruct:
		m := map[string]any{}
		for _, f := range s.Fields {
			m[f.Name] = plain(f.Shape)
		}
		return m
	case native.KindAny:
		return map[string]any{"of": []any{"its", "own"}}
	}
	return "abc"
}

const maxInt = 1<<53 - 1

func values(s *native.Shape) []variant {
	switch s.Kind {
	case native.KindBool:
		return append(wrongKind("bool"), good("false", false))
	case native.KindInt:
		return append(wrongKind("number"), good("none", 0), good("the largest", maxInt), bad("larger", maxInt+1), bad("negative", -1), bad("a part", 1.5), bad("huge", 1e300))
	case native.KindWord:
		return append(wrongKind("string"), good("another", s.Words[len(s.Words)-1]), bad("no word", "nonsense"), bad("empty", ""), bad("in capitals", strings.ToUpper(s.Words[0])))
	case native.KindList:
		return lists(s)
	case native.KindStruct:
		return append(structs(s), wrongKind("object")...)
	case native.KindAny:
		return []variant{good("a string", "abc"), good("null", nil), good("a number", 1.5), good("a list", []any{nil})}
	}
	return append(wrongKind("string"), texts(s)...)
}

func lists(s *native.Shape) []variant {
	list := append(wrongKind("list"), good("empty", []any{}), good("as many as there may be", slices.Repeat([]any{plain(s.Element)}, s.Max)),
		bad("one more", slices.Repeat([]any{plain(s.Element)}, s.Max+1)))
	for _, v := range values(s.Element) {
		list = append(list, variant{"second: " + v.why, []any{plain(s.Element), v.value}, v.good})
	}
	return list
}

// texts are strings of each alphabet; lengths count bytes of UTF-8.
func texts(s *native.Shape) []variant {
	long := []variant{good("as long as may be", fill(s, s.Max)), bad("longer", fill(s, s.Max+1))}
	switch s.Kind {
	case native.KindToken:
		return append(long, variant{"all marks", "aZ0.:_-{}", s.Max >= 9}, bad("empty", ""), bad("a space", "dana lee"), bad("a slash", "a/b"), bad("an at", "@dana"), bad("a line feed", "abc\n"), bad("no ASCII", "ä"))
	case native.KindBase64:
		return append(long, variant{"all marks", "aZ0_-", s.Max >= 5}, bad("empty", ""), bad("padded", "abc="), bad("of the other alphabet", "a+b"), bad("a slash", "a/b"), bad("a line feed", "abc\n"))
	case native.KindOrigin:
		return origins()
	}
	return append(long, good("empty", ""), good("anything", "“ä\n\u0000</script>😀"), good("longest in two bytes", strings.Repeat("é", s.Max/2)), bad("longer in two bytes", strings.Repeat("é", s.Max/2+1)))
}

func fill(s *native.Shape, n int) string {
	if s.Kind == native.KindOrigin {
		return "https://" + strings.Repeat("a", n-len("https://"))
	}
	return strings.Repeat("a", n)
}

func origins() (list []variant) {
	for _, o := range []string{
		"null", "https://x.com:8443", "http://x.com", "https://xn--x-7sb.com", "https://[::1]:443", "https://127.0.0.1", "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
		"moz-extension://5b1f6ad0-3f0c-4b7e-9d6e-6b657973686f",
	} {
		list = append(list, good(o, o))
	}
	for _, o := range []string{
		"", "x.com", "//x.com", "https:", "https://", "https://x.com/", "https://x.com/login", "https://dana@x.com", "https://x.com?a", "https://x.com#a", "HTTPS://x.com", "1https://x.com",
		"https://x.com:a", "https://x.com:80:80", "https://[::1", "https://::1", "https://x y", "https://x%2ecom", "https://ä.com", "javascript:1", "data:,a", "Null", "https://x.com\n", "https://[x.com]",
	} {
		list = append(list, bad(o, o))
	}
	return list
}
