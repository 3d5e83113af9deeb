package content

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// never is what the script that runs in pages does without, and why.
var never = map[string]string{
	`\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write`: "text of a page or handle would become markup (rule 15)",
	`\beval\(|new Function\(`:                                    "data never becomes code (rule 15)",
	`\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon`:              "nothing leaves the page but messages to the background (rule 13)",
	`localStorage|sessionStorage|indexedDB`:                      "the page could read it (rule 7)",
	`console\.`:                                                  "a page's console is not a place for anything (rule 7)",
	`window\.postMessage|\bpostMessage\(`:                        "nothing is told to pages (rule 2)",
	`"(?:message|click|keydown|focus)", \(?e?\)? ?=> .*fill`:     "no event of a page begins a fill (rule 9)",
	`wrappedJSObject|exportFunction`:                             "the page's own objects may lie",
}

func TestRule15TheScriptDoesWithout(t *testing.T) {
	files, err := filepath.Glob("../../extension/src/content/*.ts")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for pattern, why := range never {
			if found := regexp.MustCompile(pattern).Find(text); found != nil {
				t.Errorf("%s has %q: %s", filepath.Base(file), found, why)
			}
		}
	}
}

// Only the background may ask the script for anything: not the page, and not the script of another tab.
func TestRule09MessagesComeFromTheBackground(t *testing.T) {
	text, err := os.ReadFile("../../extension/src/content/second.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`if \(sender\.id !== chrome\.runtime\.id \|\| sender\.tab\) return;`).Match(text) {
		t.Error("second.ts does not look at who sends a message")
	}
}
