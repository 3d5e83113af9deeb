package agent

import "github.com/keyshift-hq/keyshift/internal/keyshift"

const clockMend = "sudo sntp -sS time.apple.com"

// keyringMend is the command that mends what is wrong with the keyring.
func keyringMend(code keyshift.Code) string {
	if code == keyshift.CodeKeyringLocked {
		return "security unlock-keychain"
	}
	return ""
}
