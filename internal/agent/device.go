package agent

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const deviceFile = "device.json"

// device is what an enrolled computer knows of itself and its hub. Nothing in it is secret, and nothing of it changes
// while the computer is enrolled but the names.
type device struct {
	HubURL     string            `json:"hub_url"`
	HubID      string            `json:"hub_id"`
	HubKey     ed25519.PublicKey `json:"hub_key"`
	TLSPin     []byte            `json:"tls_pin,omitempty"`
	HubName    string            `json:"hub_name"`
	DeviceID   string            `json:"device_id"`
	DeviceName string            `json:"device_name"`
	User       string            `json:"user"`
}

func (d device) target() hubclient.Target {
	return hubclient.Target{URL: d.HubURL, HubID: d.HubID, HubKey: d.HubKey, TLSPin: d.TLSPin}
}

// ringKey names the device seed in the keyring.
func (d device) ringKey() string { return "device:" + d.HubID }

func (d device) valid() bool {
	return keyshift.ValidateHubURL(d.HubURL) == nil && keyshift.ID(d.HubID).Valid() && keyshift.ID(d.DeviceID).Valid() &&
		len(d.HubKey) == ed25519.PublicKeySize
}

// readDevice gives nil when the computer is not enrolled.
func readDevice(files files) (*device, error) {
	raw, err := files.Read(deviceFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var d device
	if err := json.Unmarshal(raw, &d); err != nil || !d.valid() {
		return nil, fmt.Errorf("read %s: it is damaged", deviceFile)
	}
	return &d, nil
}

func writeDevice(files files, d device) error {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode device: %w", err)
	}
	if err := files.Write(deviceFile, raw); err != nil {
		return storageError(err)
	}
	return nil
}
