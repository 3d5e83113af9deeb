package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// leafLine is one value of a pack and where it stands.
type leafLine struct{ path, value string }

// flat gives all values of a pack by their path, in order.
func flat(p pack.Pack) []leafLine {
	data, err := p.Encode()
	if err != nil {
		return nil // it was parsed before
	}
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return nil
	}
	return flatten("", tree)
}

func flatten(path string, tree any) (lines []leafLine) {
	switch v := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, flatten(path+"."+name, v[name])...)
		}
	case []any:
		for i, e := range v {
			lines = append(lines, flatten(fmt.Sprintf("%s[%s]", path, place(i, e)), e)...)
		}
	default:
		value, _ := json.Marshal(v)
		lines = append(lines, leafLine{path, string(value)})
	}
	return lines
}

// place names an element by its id where it has one, so that an inserted one does not shift the others.
func place(i int, e any) string {
	if m, ok := e.(map[string]any); ok {
		if id, ok := m["id"].(string); ok {
			return id
		}
	}
	return fmt.Sprint(i)
}

// compare tells what differs, one line for each value: "-" what goes, "+" what comes.
func compare(before, after pack.Pack) []string {
	changes := []string{}
	old, fresh := values(before), values(after)
	for _, path := range slices.Sorted(maps.Keys(old)) {
		if fresh[path] != old[path] {
			changes = append(changes, "- "+path+" "+old[path])
		}
		if value, ok := fresh[path]; ok && value != old[path] {
			changes = append(changes, "+ "+path+" "+value)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(fresh)) {
		if _, ok := old[path]; !ok {
			changes = append(changes, "+ "+path+" "+fresh[path])
		}
	}
	return changes
}

func values(p pack.Pack) map[string]string {
	all := map[string]string{}
	for _, line := range flat(p) {
		all[line.path[1:]] = line.value
	}
	return all
}

func compactInto(w io.Writer, data []byte) error {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
