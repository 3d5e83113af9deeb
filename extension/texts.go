package extension

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// textPrefix begins the keys of the texts that the extension shows.
const textPrefix = "ext_"

// writeTexts copies the extension's texts from internal/i18n, which has them in the form that browsers read.
func (o Options) writeTexts(dir, _ string) error {
	locales := filepath.Join(o.Source, "../internal/i18n/locales")
	languages, err := os.ReadDir(locales)
	if err != nil {
		return fmt.Errorf("list languages: %w", err)
	}
	for _, language := range languages {
		if o.Language != "" && o.Language != language.Name() {
			continue
		}
		texts, err := extensionTexts(filepath.Join(locales, language.Name(), "messages.json"))
		if err != nil {
			return fmt.Errorf("read texts of %s: %w", language.Name(), err)
		}
		if err := write(filepath.Join(dir, "_locales", language.Name(), "messages.json"), texts); err != nil {
			return err
		}
	}
	return nil
}

func extensionTexts(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for key := range all {
		if !strings.HasPrefix(key, textPrefix) {
			delete(all, key)
		}
	}
	return json.MarshalIndent(all, "", "  ")
}
