package osring

import (
	"errors"
	"testing"

	"github.com/zalando/go-keyring"
)

func TestSecurityStatuses(t *testing.T) {
	// The low byte of the OSStatus is what a process can exit with.
	tests := []struct {
		name   string
		status int32
		want   error
	}{
		{"errSecItemNotFound", -25300, ErrNotFound},
		{"errSecInteractionNotAllowed", -25308, ErrLocked},
		{"errSecInteractionRequired", -25315, ErrLocked},
		{"errSecAuthFailed", -25293, ErrLocked},
		{"userCanceledErr", -128, ErrLocked},
		{"errSecNoDefaultKeychain", -25307, ErrUnavailable},
		{"errSecNoSuchKeychain", -25294, ErrUnavailable},
		{"usage", 2, ErrUnavailable},
	}
	for _, tt := range tests {
		if got := securityKind(int(uint8(tt.status))); got != tt.want {
			t.Errorf("%s: securityKind = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWindowsErrors(t *testing.T) {
	tests := map[uintptr]error{
		1168: ErrNotFound,    // ERROR_NOT_FOUND
		1783: ErrTooBig,      // RPC_X_BAD_STUB_DATA
		1312: ErrUnavailable, // ERROR_NO_SUCH_LOGON_SESSION
		5:    ErrUnavailable, // ERROR_ACCESS_DENIED
	}
	for code, want := range tests {
		if got := windowsKind(code); got != want {
			t.Errorf("windowsKind(%d) = %v, want %v", code, got, want)
		}
	}
}

func TestErrorsOfGoKeyringItself(t *testing.T) {
	tests := []struct {
		said error
		want error
	}{
		{nil, nil},
		{keyring.ErrNotFound, ErrNotFound},
		{keyring.ErrSetDataTooBig, ErrTooBig},
		{keyring.ErrUnsupportedPlatform, ErrUnavailable},
	}
	for _, tt := range tests {
		if got := classify(tt.said); !errors.Is(got, tt.want) {
			t.Errorf("classify(%v) = %v, want %v", tt.said, got, tt.want)
		}
	}
}
