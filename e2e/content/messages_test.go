package content

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native/nativetest"
)

// tsNames are types that have another name in TypeScript.
var tsNames = map[string]string{"Error": "Refusal"}

// The extension takes and refuses the same messages as the agent, see TestSamples of internal/native.
func TestMessagesAreJudgedAsByTheAgent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "messages.js")
	if err := bundle("messages.ts", file, nil); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://judge.example/", "")
		p.eval("(() => {\n"+string(script)+"\nreturn true; })()", nil)
		for chunk := range slices.Chunk(nativetest.Samples(), 500) {
			p.judge(chunk)
		}
	})
}

func (p *tab) judge(samples []nativetest.Sample) {
	p.t.Helper()
	for i, s := range samples {
		if name := tsNames[s.Type]; name != "" {
			samples[i].Type = name
		}
	}
	raw, err := json.Marshal(samples)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := json.Marshal(string(raw)) // as a string: an object literal would take __proto__ for something else
	if err != nil {
		p.t.Fatal(err)
	}
	var got []bool
	p.eval(fmt.Sprintf("verdicts(JSON.parse(%s))", text), &got)
	if len(got) != len(samples) {
		p.t.Fatalf("%d verdicts on %d samples", len(got), len(samples))
	}
	for i, s := range samples {
		if got[i] != s.Good {
			p.t.Errorf("%s, %s: taken %v, want %v", s.Type, s.Why, got[i], s.Good)
		}
	}
}
