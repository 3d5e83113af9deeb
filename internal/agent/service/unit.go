package service

import (
	"fmt"
	"strings"
)

// unitHead and unitTail surround the lines that depend on the program. StartLimitIntervalSec=0: an agent that
// gave up would leave leases without anyone to end them.
const unitHead = `# Written by "keyshift-agent install"; removed by "keyshift-agent uninstall".
[Unit]
Description=Keyshift agent: company accounts, lent for one session at a time
After=dbus.socket
StartLimitIntervalSec=0

[Service]
`

const unitTail = `Restart=on-failure
RestartSec=2
TimeoutStopSec=15
UMask=0077

NoNewPrivileges=yes
LimitCORE=0
MemorySwapMax=0
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
`

// unitText renders the systemd user unit. Type notify is only for an agent that keeps its promise to call
// Notifier.Ready: of a silent one, systemd would believe that it never got up.
func unitText(p program) string {
	var b strings.Builder
	b.WriteString(unitHead)
	if p.Notifies {
		b.WriteString("Type=notify\nNotifyAccess=main\nWatchdogSec=30\n")
	} else {
		b.WriteString("Type=exec\n")
	}
	b.WriteString("ExecStart=" + unitWord(p.path, ""))
	for _, a := range p.Arguments {
		b.WriteString(" " + unitWord(a, "$"))
	}
	b.WriteString("\n")
	b.WriteString(unitTail)
	return b.String()
}

// unitWord quotes one word of ExecStart= so that neither systemd nor the template engine of kardianos/service
// finds anything in it: every byte beyond the harmless ones becomes \xHH, and specifiers are doubled. dollar is
// what a "$" is prefixed with: systemd expands variables in arguments, but not in the program's path.
func unitWord(s, dollar string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '%':
			b.WriteString("%%")
		case c == '$':
			b.WriteString(dollar + "$")
		case harmless(c):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func harmless(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/._-+@:,=~ ", c) >= 0
}
