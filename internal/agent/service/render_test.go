package service

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readPlist reads the part of property lists that plistText uses: <dict> becomes a map, <array> a slice, and
// <true/> and <false/> their names; everything else is its text.
func readPlist(t *testing.T, text string) any {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var got []any
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return got[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "plist" {
			got = readElements(t, d)
		}
	}
}

func readElements(t *testing.T, d *xml.Decoder) []any {
	t.Helper()
	var list []any
	for {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			list = append(list, readElement(t, d, e))
		case xml.EndElement:
			return list
		}
	}
}

func readElement(t *testing.T, d *xml.Decoder, e xml.StartElement) any {
	t.Helper()
	switch e.Name.Local {
	case "dict":
		m, list := map[string]any{}, readElements(t, d)
		for i := 0; i+1 < len(list); i += 2 {
			m[list[i].(string)] = list[i+1]
		}
		return m
	case "array":
		return readElements(t, d)
	}
	var text string
	if err := d.DecodeElement(&text, &e); err != nil {
		t.Fatal(err)
	}
	if text == "" {
		return e.Name.Local
	}
	return text
}

func TestPlist(t *testing.T) {
	odd := `/Applications/Key <&> "Shift" {{Path}}/keyshift-agent`
	p := program{path: odd, Options: Options{Arguments: []string{"run", "{{end}}"}, LogFile: "/Users/dana/Library/Logs/agent.log"}}
	text := plistText(p)
	want := map[string]any{
		"Label":                  "io.github.keyshift-hq.agent",
		"ProgramArguments":       []any{odd, "run", "{{end}}"},
		"StandardErrorPath":      "/Users/dana/Library/Logs/agent.log",
		"RunAtLoad":              "true",
		"KeepAlive":              map[string]any{"SuccessfulExit": "false"},
		"LimitLoadToSessionType": "Aqua",
		"ProcessType":            "Background",
		"ExitTimeOut":            "15",
		"Umask":                  "63",
		"HardResourceLimits":     map[string]any{"Core": "0"},
	}
	if diff := cmp.Diff(any(want), readPlist(t, text)); diff != "" {
		t.Errorf("plist (-want +got):\n%s", diff)
	}
	if strings.Contains(text, "{{") {
		t.Error("the plist contains a mark of the template engine")
	}
}

func TestRunValue(t *testing.T) {
	for _, tt := range []struct {
		path string
		args []string
		want string
	}{
		{`C:\Program Files\Keyshift\keyshift-agent.exe`, []string{"run"}, `"C:\Program Files\Keyshift\keyshift-agent.exe" "run"`},
		{`C:\a.exe`, []string{`say "hi"`}, `"C:\a.exe" "say \"hi\""`},
		{`C:\a.exe`, []string{`dir\`}, `"C:\a.exe" "dir\\"`},
		{`C:\a.exe`, []string{`\"`}, `"C:\a.exe" "\\\""`},
		{`C:\a.exe`, []string{``}, `"C:\a.exe" ""`},
	} {
		got, err := runValue(program{path: tt.path, Options: Options{LogonArguments: tt.args}})
		if err != nil || got != tt.want {
			t.Errorf("%s %q: got %s, %v, want %s", tt.path, tt.args, got, err, tt.want)
		}
	}
}

func TestRunValueIsNeverLongerThanWindowsReads(t *testing.T) {
	fits := program{path: `C:\` + strings.Repeat("é", maxRunValue-len(`"C:\" "run"`)), Options: Options{LogonArguments: []string{"run"}}}
	if _, err := runValue(fits); err != nil {
		t.Errorf("%d characters: %v", maxRunValue, err)
	}
	fits.path += "x"
	if got, err := runValue(fits); err == nil {
		t.Errorf("one more: got %q, want an error", got)
	}
}

func TestStateNames(t *testing.T) {
	for state, want := range map[State]string{NotInstalled: "not installed", Failed: "failed", -1: "unknown", 99: "unknown"} {
		if got := state.String(); got != want {
			t.Errorf("State(%d): got %q, want %q", int(state), got, want)
		}
	}
}
