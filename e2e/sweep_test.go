package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// cmdSweep looks for secrets wherever programs leave things: in every file of every desktop and of the story, logs,
// databases and keyrings included, and in the arguments and environment of hubs and agents.
func cmdSweep(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) > 0, "sweep SECRETS")
	w := worldOf(ts)
	dirs := []string{w.work, w.logs}
	for _, d := range w.desktops {
		dirs = append(dirs, filepath.Dir(d.Home))
	}
	files := 0
	for _, dir := range dirs {
		n, err := sweepDir(dir, args)
		ts.Check(err)
		files += n
	}
	processes := 0
	for _, p := range w.started {
		n, err := sweepProcess(p, args)
		ts.Check(err)
		processes += n
	}
	if files < 10 || processes == 0 {
		ts.Fatalf("looked only at %d files and %d processes", files, processes)
	}
	ts.Logf("swept %d files and %d processes", files, processes)
}

func sweepDir(dir string, secrets []string) (files int, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return gone(err)
		}
		text, err := os.ReadFile(path)
		files++
		return errors.Join(gone(err), found(path, text, secrets))
	})
	return files, err
}

// gone forgives that a file went away meanwhile: programs run.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweepProcess looks at what other programs can see of a process. What they cannot is not there for them.
func sweepProcess(p *program, secrets []string) (looked int, err error) {
	if !p.running() {
		return 0, nil
	}
	for _, name := range []string{"cmdline", "environ"} {
		path := fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err := errors.Join(err, found(path, text, secrets)); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// found is an error if a text holds one of the secrets, in any form in which programs write text.
func found(where string, text []byte, secrets []string) error {
	for i, secret := range secrets {
		for _, form := range append(forms(secret), codeForms(secret)...) {
			if bytes.Contains(text, []byte(form)) {
				return fmt.Errorf("secret %d is in %s", i+1, where)
			}
		}
	}
	return nil
}

func forms(secret string) []string {
	b := []byte(secret)
	list := []string{secret, strings.ToLower(secret), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), url.QueryEscape(secret), url.PathEscape(secret)}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			list = append(list, inside(encoding, b, shift))
		}
	}
	return list
}

// codeForms are the forms of the secret part of a code, if it is one: the rest of a code is no secret.
func codeForms(text string) []string {
	code, err := keyshift.ParseInvitation(text)
	if err != nil {
		return nil
	}
	return append(forms(string(code.Secret)), forms(code.SecretText())...)
}

// inside is the part of a Base64 text that depends only on the secret, when so many bytes stand before it.
func inside(encoding *base64.Encoding, secret []byte, before int) string {
	text := encoding.EncodeToString(append(make([]byte, before), secret...))
	from := (before*8 + 5) / 6
	to := (before + len(secret)) * 8 / 6
	return text[from:to]
}

func TestTheSweepFindsWhatIsThere(t *testing.T) {
	const secret = "canary 123456"
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"a canary 123456 sings", true},
		{base64.StdEncoding.EncodeToString([]byte(secret)), true},
		{base64.URLEncoding.EncodeToString([]byte(`{"p":"` + secret + `"}`)), true},
		{base64.StdEncoding.EncodeToString([]byte("x" + secret + "yz")), true},
		{base64.StdEncoding.EncodeToString([]byte("xy" + secret + "z")), true},
		{hex.EncodeToString([]byte("0" + secret)), true},
		{"password=canary+123456&x=1", true},
		{"a canary 12345", false},
		{"", false},
	} {
		if got := found("a file", []byte(tt.text), []string{"absent secret", secret}); (got != nil) != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
	for _, form := range forms(secret) {
		if len(form) < len(secret)-1 {
			t.Errorf("the form %q is too short to mean anything", form)
		}
	}
}
