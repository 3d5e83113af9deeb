package nativehost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows/registry"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// places are keys of the registry, and folders below the home folder. Sources: "Native messaging" in Chrome's extension
// documentation and in Edge's, "Native manifests" on MDN.
var places = []struct {
	browser   native.Browser
	name      string
	data, key string
}{
	{native.Chromium, "Chromium", "AppData/Local/Chromium/User Data", `Software\Chromium\NativeMessagingHosts\`},
	{native.Chrome, "Chrome", "AppData/Local/Google/Chrome/User Data", `Software\Google\Chrome\NativeMessagingHosts\`},
	{native.Edge, "Edge", "AppData/Local/Microsoft/Edge/User Data", `Software\Microsoft\Edge\NativeMessagingHosts\`},
	{native.Brave, "Brave", "AppData/Local/BraveSoftware/Brave-Browser/User Data", `Software\BraveSoftware\Brave-Browser\NativeMessagingHosts\`},
	{native.Firefox, "Firefox", "AppData/Roaming/Mozilla/Firefox", `Software\Mozilla\NativeMessagingHosts\`},
}

// Places lists where browsers look for native hosts: of the user with this home folder, or of all users.
func Places(home string, system bool) []Place {
	dir := filepath.Join(home, "AppData", "Local", "Keyshift", "NativeMessagingHosts")
	if folders := SystemFolders(); system && len(folders) > 0 {
		dir = filepath.Join(folders[0], "NativeMessagingHosts")
	}
	var list []Place
	for _, p := range places {
		list = append(list, Place{
			Browser: p.browser, Name: p.name, Firefox: p.browser == native.Firefox, Data: filepath.Join(home, filepath.FromSlash(p.data)), Dir: dir, system: system,
		})
	}
	return list
}

// InFolder is not needed: the registry says it for every folder of data.
func InFolder(string) (place Place, needed bool) { return Place{}, false }

// fileName is the manifest's: each browser has its own, since the registry says where it is.
func (p Place) fileName() string { return string(p.Browser) + ".json" }

// key is what the browser finds the manifest by.
func (p Place) key() string {
	for _, known := range places {
		if known.browser == p.Browser {
			return known.key + native.Name
		}
	}
	return ""
}

func (p Place) hive() registry.Key {
	if p.system {
		return registry.LOCAL_MACHINE
	}
	return registry.CURRENT_USER
}

// read reads the manifest that the registry names, wherever it is.
func (p Place) read() ([]byte, error) {
	k, err := registry.OpenKey(p.hive(), p.key(), registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("open registry key: %w", err)
	}
	defer func() { _ = k.Close() }() // only read
	path, _, err := k.GetStringValue("")
	if err != nil {
		return nil, fmt.Errorf("read registry value: %w", err)
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the registry says which
	if err != nil {
		return nil, fs.ErrInvalid // the browser would not find it either
	}
	return raw, nil
}

func (p Place) register() error {
	k, _, err := registry.CreateKey(p.hive(), p.key(), registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("make registry key: %w", err)
	}
	err = k.SetStringValue("", p.File())
	if err := errors.Join(err, k.Close()); err != nil {
		return fmt.Errorf("write registry value: %w", err)
	}
	return nil
}

func (p Place) unregister() error {
	if err := registry.DeleteKey(p.hive(), p.key()); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("remove registry key: %w", err)
	}
	return nil
}
