package agent

import "github.com/keyshift-hq/keyshift/internal/keyshift"

const clockMend = "w32tm /resync"

// keyringMend is the command that mends what is wrong with the keyring: the service of Credential Manager may be stopped.
func keyringMend(code keyshift.Code) string {
	if code == keyshift.CodeKeyringUnavailable {
		return "sc start VaultSvc"
	}
	return ""
}
