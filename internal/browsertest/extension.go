package browsertest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// extensionUUID is what extension pages have as host in Firefox, which draws a new one for each profile unless told.
const extensionUUID = "5b1f6ad0-3f0c-4b7e-9d6e-6b657973686f"

// manifest is what this package reads of an extension's manifest.
type manifest struct {
	Key      string `json:"key"`
	Specific struct {
		Gecko struct {
			ID string `json:"id"`
		} `json:"gecko"`
	} `json:"browser_specific_settings"`
}

func readManifest(folder string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}

// ExtensionID is the id of the unpacked extension in a folder, by the key or the id in its manifest.
func ExtensionID(k Kind, folder string) (string, error) {
	m, err := readManifest(folder)
	if err != nil {
		return "", err
	}
	if k == Firefox {
		if m.Specific.Gecko.ID == "" {
			return "", errors.New("read manifest: no id for Firefox")
		}
		return m.Specific.Gecko.ID, nil
	}
	key, err := base64.StdEncoding.DecodeString(m.Key)
	if err != nil || len(key) == 0 {
		return "", errors.Join(errors.New("read manifest: no key"), err)
	}
	return idOfKey(key), nil
}

// idOfKey is how Chromium names an extension: 16 bytes of a hash, each half byte a letter from a to p.
func idOfKey(key []byte) string {
	sum := sha256.Sum256(key)
	id := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		id = append(id, 'a'+b>>4, 'a'+b&15)
	}
	return string(id)
}

// ExtensionPage is the address of a page of the extension, such as popup.html, in browsers started with it.
func ExtensionPage(k Kind, folder, page string) (string, error) {
	id, err := ExtensionID(k, folder)
	if err != nil {
		return "", err
	}
	if k == Firefox {
		return "moz-extension://" + extensionUUID + "/" + page, nil
	}
	return "chrome-extension://" + id + "/" + page, nil
}
