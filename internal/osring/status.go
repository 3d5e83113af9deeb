package osring

// securityKind says what an exit status of macOS's /usr/bin/security means: it
// is the low byte of an OSStatus in Security/SecBase.h.
func securityKind(status int) error {
	switch status {
	case 44: // errSecItemNotFound, -25300
		return ErrNotFound
	case 29, // errSecInteractionRequired, -25315
		36,  // errSecInteractionNotAllowed, -25308: locked, and no session that could ask
		51,  // errSecAuthFailed, -25293
		128: // userCanceledErr, -128: the prompt was dismissed
		return ErrLocked
	}
	return ErrUnavailable
}

// windowsKind says what a Windows system error of the Cred functions means.
func windowsKind(code uintptr) error {
	switch code {
	case 1168: // ERROR_NOT_FOUND
		return ErrNotFound
	case 1783: // RPC_X_BAD_STUB_DATA, CredWrite's answer to a value over its limit
		return ErrTooBig
	}
	return ErrUnavailable // among them 1312, ERROR_NO_SUCH_LOGON_SESSION
}
