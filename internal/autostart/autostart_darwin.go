package autostart

import (
	"encoding/xml"
	"path/filepath"
	"strings"
)

const label = "com.github.keyshift-hq.keyshift.tray"

func (e *Entry) path() string {
	return filepath.Join(e.dir, "Library", "LaunchAgents", label+".plist")
}

// text is a property list of launchd (launchd.plist(5)).
func (e *Entry) text() string {
	var words strings.Builder
	for _, w := range append([]string{e.executable}, e.args...) {
		words.WriteString("<string>")
		_ = xml.EscapeText(&words, []byte(w)) // a builder takes everything
		words.WriteString("</string>")
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>` + label + `</string>
<key>ProgramArguments</key><array>` + words.String() + `</array>
<key>RunAtLoad</key><true/>
<key>LimitLoadToSessionType</key><string>Aqua</string>
</dict></plist>
`
}

func off(text string) bool { return strings.Contains(text, "<key>Disabled</key><true/>") }
