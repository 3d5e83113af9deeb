//go:build linux || darwin

package nativehost

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// fileName is the manifest's: browsers find it by that.
func (p Place) fileName() string { return native.Name + ".json" }

// InFolder is where a Chromium looks that keeps its data in a folder of its own.
func InFolder(data string) (place Place, needed bool) {
	return Place{Browser: native.Chromium, Name: "the work browser", Data: data, Dir: filepath.Join(data, "NativeMessagingHosts")}, true
}

func (p Place) read() ([]byte, error) {
	info, err := os.Stat(p.File())
	if err == nil && (!info.Mode().IsRegular() || info.Size() > 1<<16) {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(p.File())
}

func (p Place) register() error   { return nil }
func (p Place) unregister() error { return nil }
