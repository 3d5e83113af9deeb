package e2e

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdTamper changes a host inside the site packs that the agent of the desktop at hand keeps on its disk.
func cmdTamper(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "tamper-packs")
	changed := 0
	err := filepath.WalkDir(worldOf(ts).here(ts).Home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "packs.json" {
			return nil //nolint:nilerr // what cannot be read is not the agent's
		}
		changed++
		return tamper(path)
	})
	ts.Check(err)
	if changed != 1 {
		ts.Fatalf("there are %d files with site packs, want 1", changed)
	}
}

// tamper looks for the packs inside the file, which are Base64, and changes the first letter of the title in each.
func tamper(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, field := range bytes.Split(data, []byte(`"`)) {
		plain, err := base64.StdEncoding.DecodeString(string(field))
		if err != nil || !bytes.Contains(plain, []byte(`"title":"News"`)) {
			continue
		}
		evil := bytes.Replace(plain, []byte(`"title":"News"`), []byte(`"title":"Evil"`), 1)
		data = bytes.Replace(data, field, []byte(base64.StdEncoding.EncodeToString(evil)), 1)
	}
	return os.WriteFile(path, data, 0o600)
}
