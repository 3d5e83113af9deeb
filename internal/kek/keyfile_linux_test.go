package kek

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

func aclBytes(entries ...aclEntry) []byte {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// credentialACL is what systemd puts on a credential for the user uid.
func credentialACL(uid uint32) []aclEntry {
	const noID = ^uint32(0)
	return []aclEntry{{aclOwner, 4, noID}, {aclUser, 4, uid}, {0x04, 0, noID}, {aclMask, 4, noID}, {0x20, 0, noID}}
}

func TestAccessListIsOnlyForUs(t *testing.T) {
	const us, them = 991, 1000
	with := func(i int, e aclEntry) []byte {
		list := credentialACL(us)
		list[i] = e
		return aclBytes(list...)
	}
	whole := aclBytes(credentialACL(us)...)
	for _, tt := range []struct {
		name string
		acl  []byte
		want bool
	}{
		{"systemd credential", whole, true},
		{"another user", aclBytes(credentialACL(them)...), false},
		{"another user without rights", with(1, aclEntry{aclUser, 0, them}), true},
		{"the owning group", with(2, aclEntry{0x04, 4, 0}), false},
		{"a named group", with(2, aclEntry{0x08, 4, us}), false},
		{"everybody", with(4, aclEntry{0x20, 4, 0}), false},
		{"unknown tag", with(4, aclEntry{0x40, 4, us}), false},
		{"cut", whole[:len(whole)-1], false},
		{"other version", append([]byte{3}, whole[1:]...), false},
		{"none", nil, false},
		{"header only", whole[:4], false},
	} {
		if got := onlyFor(us, tt.acl); got != tt.want {
			t.Errorf("%s: onlyFor = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// On a file system without access lists the group bits mean the group.
func TestKeyFileHandedOverBySystemdLoads(t *testing.T) {
	path := newKeyFile(t)
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	uid := uint32(os.Geteuid())
	for _, tt := range []struct {
		name string
		acl  []aclEntry
		want error
	}{
		{"to us", credentialACL(uid), nil},
		{"to another user", credentialACL(uid + 1), ErrKeyExposed},
	} {
		want := tt.want
		err := unix.Setxattr(path, "system.posix_acl_access", aclBytes(tt.acl...), 0)
		if errors.Is(err, unix.ENOTSUP) {
			want = ErrKeyExposed
		} else if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, ""); !errors.Is(err, want) {
			t.Errorf("%s: err = %v, want %v", tt.name, err, want)
		}
	}
}
