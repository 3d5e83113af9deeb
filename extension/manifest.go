package extension

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
)

type object = map[string]any

func (o Options) writeManifest(dir, browser string) error {
	template, err := os.ReadFile(filepath.Join(o.Source, "manifest.json"))
	if err != nil {
		return fmt.Errorf("read manifest template: %w", err)
	}
	manifest, err := o.manifest(template, browser)
	if err != nil {
		return fmt.Errorf("make manifest: %w", err)
	}
	data, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, "manifest.json"), append(data, '\n'))
}

// manifest is the template with what is for the browser merged into it, and without what is for others.
func (o Options) manifest(template []byte, browser string) (object, error) {
	var m object
	if err := json.Unmarshal(o.fillIn(template), &m); err != nil {
		return nil, err
	}
	own, ok := m["@"+browser].(object)
	if !ok {
		return nil, fmt.Errorf("the template has nothing for %s", browser)
	}
	maps.DeleteFunc(m, func(key string, _ any) bool { return strings.HasPrefix(key, "@") })
	merge(m, own)
	m["version"] = numbers(o.Version)
	if o.Language != "" {
		m["default_locale"] = o.Language
	}
	if o.NoKey {
		delete(m, "key")
	}
	o.addHosts(m)
	return m, nil
}

func (o Options) fillIn(template []byte) []byte {
	return []byte(strings.NewReplacer(
		"__KEY__", extensionid.ChromiumKey,
		"__FIREFOX_ID__", extensionid.Firefox,
		"__VERSION_NAME__", o.Version,
	).Replace(string(template)))
}

// merge adds lists to lists and fields to objects, and replaces everything else.
func merge(into, from object) {
	for key, value := range from {
		list, isList := into[key].([]any)
		more, areMore := value.([]any)
		inner, isObject := into[key].(object)
		fields, areFields := value.(object)
		switch {
		case isList && areMore:
			value = append(list, more...)
		case isObject && areFields:
			merge(inner, fields)
			continue
		}
		into[key] = value
	}
}

// addHosts lets content scripts run where the extension may read.
func (o Options) addHosts(m object) {
	hosts, _ := m["host_permissions"].([]any)
	for _, host := range o.Hosts {
		hosts = append(hosts, "https://"+host+"/*")
	}
	m["host_permissions"] = hosts
	for _, script := range m["content_scripts"].([]any) {
		script.(object)["matches"] = hosts
	}
}
