package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
	"unicode"
)

// badWords are words of exported names that mean something for which the glossary has another word. A word is here
// only if it has no other honest use in this program: "host", "channel", "session" and the like are not.
var badWords = map[string]string{
	"Employee":        "User",
	"Principal":       "User",
	"Platform":        "Network",
	"Machine":         "Device",
	"Entitlement":     "Grant",
	"Eligibility":     "Grant",
	"Ticket":          "AccessRequest",
	"Justification":   "Reason",
	"Borrow":          "CheckOut",
	"Checkout":        "CheckOut",
	"Checkin":         "CheckIn",
	"Unregister":      "Unenroll",
	"Enrolment":       "Enrollment",
	"Purge":           "Wipe",
	"Otp":             "TOTP",
	"OTP":             "TOTP",
	"Runbook":         "Playbook",
	"Confession":      "SelfReport",
	"Nudge":           "Reminder",
	"Acknowledgment":  "Acknowledgement",
	"Acknowledgments": "Acknowledgements",
	"Tos":             "Terms",
	"TOS":             "Terms",
}

// badNames lists exported declarations of one file that contain a bad word.
func badNames(s source) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, s.path, s.text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, id := range declared(file) {
		for _, w := range words(id.Name) {
			if better, bad := badWords[w]; bad && id.IsExported() {
				found = append(found, fmt.Sprintf("%s: %s: say %s, not %s", set.Position(id.Pos()), id.Name, better, w))
			}
		}
	}
	return found, nil
}

// declared lists the names that a file declares: types, functions, methods, fields, constants and variables.
func declared(file *ast.File) []*ast.Ident {
	var list []*ast.Ident
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			list = append(list, n.Name)
		case *ast.TypeSpec:
			list = append(list, n.Name)
		case *ast.ValueSpec:
			list = append(list, n.Names...)
		case *ast.Field:
			list = append(list, n.Names...)
		}
		return true
	})
	return list
}

// words splits a Go name: "HTTPServerID" is HTTP, Server, ID.
func words(name string) []string {
	var list []string
	r, start := []rune(name), 0
	for i := 1; i < len(r); i++ {
		lowUp := !unicode.IsUpper(r[i-1]) && unicode.IsUpper(r[i])
		upUpLow := unicode.IsUpper(r[i-1]) && unicode.IsUpper(r[i]) && i+1 < len(r) && unicode.IsLower(r[i+1])
		if lowUp || upUpLow {
			list, start = append(list, string(r[start:i])), i
		}
	}
	return append(list, string(r[start:]))
}

func TestExportedNamesUseTheGlossary(t *testing.T) {
	for _, s := range goSources(t) {
		if s.isTest() {
			continue
		}
		found, err := badNames(s)
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}

func TestBadWordsAreFound(t *testing.T) {
	const text = `package x
type Employee struct{ PlatformID string; ticket int }
type Device interface{ PurgeLease() }
func (Device) BorrowOTPs() {}
func SendOTP() {}
const MachineName = 1
var Hostname, Employer string
`
	got, err := badNames(source{"x.go", []byte(text)})
	if want := 6; err != nil || len(got) != want {
		t.Errorf("got %d %q, %v, want %d", len(got), got, err, want)
	}
}
