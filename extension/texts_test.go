package extension

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Keys stand in the source as they are, in the manifest between marks, or are put together.
var (
	asTheyAre = regexp.MustCompile(`\bext_[a-z0-9_]*[a-z0-9]\b`)
	marked    = regexp.MustCompile(`__MSG_(ext_\w+?)__`)
	added     = regexp.MustCompile(`"(ext_\w+_)" \+`)
	template  = regexp.MustCompile("`(ext_\\w*)\\$\\{[^}]*\\}(\\w*)`")
)

// keysOf gives the keys of a source, and what its other keys look like.
func keysOf(text string) (keys []string, patterns []*regexp.Regexp) {
	keys = asTheyAre.FindAllString(text, -1)
	for _, m := range marked.FindAllStringSubmatch(text, -1) {
		keys = append(keys, m[1])
	}
	for _, m := range added.FindAllStringSubmatch(text, -1) {
		patterns = append(patterns, regexp.MustCompile("^"+m[1]))
	}
	for _, m := range template.FindAllStringSubmatch(text, -1) {
		patterns = append(patterns, regexp.MustCompile("^"+m[1]+`\w+`+m[2]+"$"))
	}
	return keys, patterns
}

// source is all TypeScript of the extension, and its manifest.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".ts" && path != "manifest.json" {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestEveryTextIsThereAndUsed(t *testing.T) {
	text := source(t)
	used, patterns := keysOf(text)
	fits := func(key string) bool {
		return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(key) })
	}
	known := i18n.For(i18n.English).Keys()
	for _, key := range used {
		if begins := slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, key+"_") }); !slices.Contains(known, key) && !begins {
			t.Errorf("the source has %s, and there is no such text", key)
		}
	}
	for _, key := range known {
		if strings.HasPrefix(key, textPrefix) && !slices.Contains(used, key) && !fits(key) {
			t.Errorf("nothing uses the text %s", key)
		}
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	words, err := os.ReadFile("src/pages/words.ts")
	if err != nil {
		t.Fatal(err)
	}
	known := i18n.For(i18n.English).Keys()
	_, list, _ := strings.Cut(string(words), "new Set<string>([")
	list, _, _ = strings.Cut(list, "]")
	for _, code := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(list, -1) {
		if !slices.Contains(known, "ext_refused_"+code[1]) {
			t.Errorf("the refusal %s has no words", code[1])
		}
	}
}
