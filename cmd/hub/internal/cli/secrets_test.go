package cli

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestCredentialFromStandardInput(t *testing.T) {
	d := loggedIn(t)
	for _, tt := range []struct {
		name, stdin string
		want        *v1.SetCredentialRequest
		exit        api.Exit
	}{
		{"three lines", "acme@corp.example\n" + thePassword + "\n" + theSeed + "\n", &v1.SetCredentialRequest{Login: "acme@corp.example", Password: thePassword, CodeSeed: theSeed}, 0},
		{"without codes, from Windows", "acme\r\n pass word \r\n", &v1.SetCredentialRequest{Login: "acme", Password: " pass word "}, 0},
		{"no newline at the end", "acme\npw", &v1.SetCredentialRequest{Login: "acme", Password: "pw"}, 0},
		{"no password", "acme\n", nil, api.ExitBadInput},
		{"nothing", "", nil, api.ExitBadInput},
		{"too long", "acme\n" + strings.Repeat("x", 2000), nil, api.ExitBadInput},
		{"too many lines", "acme\npw\n" + theSeed + "\nmore\n", nil, api.ExitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(d.hub.asked)
			got := d.run(tt.stdin, "credential", "set", "x/acme")
			if got.exit != tt.exit {
				t.Fatalf("got %+v, want %d", got, tt.exit)
			}
			if tt.want == nil {
				if len(d.hub.asked) != before {
					t.Error("the hub was asked")
				}
				return
			}
			q := last[v1.SetCredentialRequest](t, d.hub)
			if q.GetAccount() != "x/acme" || q.GetLogin() != tt.want.Login || q.GetPassword() != tt.want.Password || q.GetCodeSeed() != tt.want.CodeSeed {
				t.Errorf("the hub got %v", q)
			}
		})
	}
	d.golden("credential-stdin")
}

func TestCredentialFromAPerson(t *testing.T) {
	d := loggedIn(t)
	d.answers = []string{"acme", thePassword, thePassword, "otpauth://totp/x?secret=" + theSeed}
	d.run("", "credential", "set", "x/acme")
	if q := last[v1.SetCredentialRequest](t, d.hub); q.GetPassword() != thePassword || q.GetCodeSeed() != "otpauth://totp/x?secret="+theSeed {
		t.Errorf("the hub got %v", q)
	}
	d.answers = []string{"acme", thePassword, "corect horse", ""}
	d.run("", "credential", "set", "x/acme", "--json")
	d.answers = nil
	d.run("", "credential", "set", "x/acme", thePassword)
	d.golden("credential")
}

// TestSecretsAreNowhere looks for token, password, seed and code wherever they have no business: in answers, errors,
// addresses of requests, and files.
func TestSecretsAreNowhere(t *testing.T) {
	d := sit(t)
	code := d.hub.code(keyshift.LoginCode)
	d.run(code, "login")
	d.run(code, "login", "--json")
	d.run("acme\n"+thePassword+"\n"+theSeed+"\n", "credential", "set", "x/acme")
	d.hub.refuse(keyshift.Refuse(keyshift.CodeCredentialInvalid, "The one-time-code seed is not usable.", "Paste it again."))
	d.run("acme\n"+thePassword+"\n"+theSeed+"\n", "credential", "set", "x/acme", "--json")
	d.run("", "credential", "set", "x/acme", thePassword, theSeed)
	d.run("", "login", code, "--json")
	d.run("", "whoami", theToken)
	d.hub.server.Close()
	d.run("acme\n"+thePassword+"\n", "credential", "set", "x/acme")
	d.run("", "whoami")
	places := map[string]string{"what was said": d.said.String(), "addresses": strings.Join(d.hub.urls, "\n"), "files": d.files()}
	for place, text := range places {
		for _, secret := range []string{theToken, thePassword, theSeed, code, base64.RawURLEncoding.EncodeToString([]byte("sixteen secrets!"))} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: there is a secret: %s", place, text)
			}
		}
	}
	if len(d.hub.urls) < 5 || !strings.Contains(places["files"], hubID) {
		t.Error("nothing was looked at")
	}
}

// files is the text of all files at the desk.
func (d *desk) files() string {
	var all strings.Builder
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all.String()
}
