package service

import "strings"

const plistHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
`

// plistTail restarts an agent that failed, and only that one: ending with success is what Stop makes it do.
// Umask is decimal: 63 is 0077.
const plistTail = `	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
	<key>ProcessType</key>
	<string>Background</string>
	<key>ExitTimeOut</key>
	<integer>15</integer>
	<key>Umask</key>
	<integer>63</integer>
	<key>HardResourceLimits</key>
	<dict>
		<key>Core</key>
		<integer>0</integer>
	</dict>
</dict>
</plist>
`

// plistText renders the LaunchAgent of macOS.
func plistText(p program) string {
	var b strings.Builder
	b.WriteString(plistHead)
	b.WriteString("\t<key>Label</key>\n\t" + plistString(AgentName) + "\n")
	b.WriteString("\t<key>ProgramArguments</key>\n\t<array>\n")
	for _, w := range append([]string{p.path}, p.Arguments...) {
		b.WriteString("\t\t" + plistString(w) + "\n")
	}
	b.WriteString("\t</array>\n")
	if p.LogFile != "" {
		b.WriteString("\t<key>StandardErrorPath</key>\n\t" + plistString(p.LogFile) + "\n")
	}
	b.WriteString(plistTail)
	return b.String()
}

// plistSigns are what means something in XML, and "{", which hides "{{" from the template engine of kardianos/service. The words
// of a program are plain text (see plainText), so that encoding/xml, which every command would wait for, has nothing to add.
var plistSigns = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "{", "&#123;")

func plistString(s string) string { return "<string>" + plistSigns.Replace(s) + "</string>" }
