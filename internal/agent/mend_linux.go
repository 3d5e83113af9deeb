package agent

import "github.com/keyshift-hq/keyshift/internal/keyshift"

const clockMend = "sudo timedatectl set-ntp true"

// keyringMend is the command that mends what is wrong with the keyring.
func keyringMend(code keyshift.Code) string {
	switch code {
	case keyshift.CodeKeyringUnavailable:
		return "sudo apt install gnome-keyring libpam-gnome-keyring"
	case keyshift.CodeKeyringLocked:
		return "gnome-keyring-daemon --unlock"
	}
	return ""
}
