package kek

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/keyshift-hq/keyshift/internal/seal"
)

const fileFormat = "keyshift-kek/1"

// ErrKeyFile: a key file does not hold a Keyshift key-encryption key, or only
// part of one. The text never quotes the file.
var ErrKeyFile = errors.New("not a complete Keyshift key file")

// fileForm is the key file: JSON with the Tink keyset (binary, in the clear)
// and the number each of its keys goes by. Tink's key ids are random; the
// numbers count up and are never used twice.
type fileForm struct {
	Format   string            `json:"format"`
	Versions map[uint32]uint32 `json:"versions"` // number -> Tink key id
	Keyset   []byte            `json:"keyset"`
}

// versionedKeys is a key file in memory.
type versionedKeys struct {
	handle *keyset.Handle
	ids    map[uint32]uint32 // number -> Tink key id
}

func newVersionedKeys() (*versionedKeys, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("create key: %w", err)
	}
	id := handle.KeysetInfo().GetPrimaryKeyId()
	return &versionedKeys{handle, map[uint32]uint32{1: id}}, nil
}

// numbers returns the versions in ascending order; the last is the primary.
func (v *versionedKeys) numbers() []uint32 {
	return slices.Sorted(maps.Keys(v.ids))
}

func (v *versionedKeys) primary() uint32 {
	return slices.Max(v.numbers())
}

// add makes a new key the primary version.
func (v *versionedKeys) add() error {
	manager := keyset.NewManagerFromHandle(v.handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return fmt.Errorf("make key primary: %w", err)
	}
	v.ids[v.primary()+1] = id
	v.handle, err = manager.Handle()
	return err
}

// dropOld deletes every version but the primary and names them.
func (v *versionedKeys) dropOld() (dropped []uint32, err error) {
	manager := keyset.NewManagerFromHandle(v.handle)
	numbers := v.numbers()
	dropped = numbers[:len(numbers)-1]
	for _, n := range dropped {
		if err := manager.Delete(v.ids[n]); err != nil {
			return nil, fmt.Errorf("delete key version %d: %w", n, err)
		}
		delete(v.ids, n)
	}
	v.handle, err = manager.Handle()
	return dropped, err
}

func (v *versionedKeys) encode() ([]byte, error) {
	var keys bytes.Buffer
	err := insecurecleartextkeyset.Write(v.handle, keyset.NewBinaryWriter(&keys))
	if err != nil {
		return nil, fmt.Errorf("encode keyset: %w", err)
	}
	defer seal.Wipe(keys.Bytes())
	return json.Marshal(fileForm{fileFormat, v.ids, keys.Bytes()})
}

// decodeKeys refuses whatever encode would not have written. Errors of the
// decoders are not passed on: they quote what they read.
func decodeKeys(data []byte) (*versionedKeys, error) {
	var form fileForm
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if dec.Decode(&form) != nil || dec.Decode(&struct{}{}) != io.EOF || form.Format != fileFormat {
		return nil, ErrKeyFile
	}
	defer seal.Wipe(form.Keyset)
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(form.Keyset)))
	if err != nil {
		return nil, ErrKeyFile
	}
	v := &versionedKeys{handle, form.Versions}
	if !v.consistent() {
		return nil, ErrKeyFile
	}
	return v, nil
}

// consistent tells whether numbers and keys match one to one, all keys are of
// the one kind we make, and the highest number is the primary.
func (v *versionedKeys) consistent() bool {
	info := v.handle.KeysetInfo()
	kinds := make(map[uint32]bool, len(v.ids))
	for _, key := range info.GetKeyInfo() {
		kinds[key.GetKeyId()] = usable(key)
	}
	if len(kinds) != len(v.ids) || len(info.GetKeyInfo()) != len(v.ids) {
		return false
	}
	for number, id := range v.ids {
		if number == 0 || !kinds[id] {
			return false
		}
		delete(kinds, id) // a second number for the same key finds none
	}
	return v.ids[v.primary()] == info.GetPrimaryKeyId()
}

func usable(key *tink_go_proto.KeysetInfo_KeyInfo) bool {
	template := aead.AES256GCMKeyTemplate()
	return key.GetTypeUrl() == template.GetTypeUrl() &&
		key.GetOutputPrefixType() == template.GetOutputPrefixType() &&
		key.GetStatus() == tink_go_proto.KeyStatusType_ENABLED
}

func (v *versionedKeys) open() (*KEK, error) {
	wrap, err := aead.New(v.handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	envelope := aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), wrap)
	return &KEK{v.primary(), v.numbers(), envelope}, nil
}
