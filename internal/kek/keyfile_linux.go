package kek

import (
	"encoding/binary"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Tags of a POSIX access list as the kernel hands it out (linux/posix_acl.h).
const (
	aclVersion  = 2
	aclOwner    = 0x01
	aclUser     = 0x02
	aclMask     = 0x10
	aclMaxBytes = 4096
)

// exposed tells whether anyone but the owner and this process's user may use
// the file. systemd hands a credential to a service by an access list, and then
// the group bits of the mode show the list's mask instead of the group's rights.
func exposed(f *os.File, perm fs.FileMode) bool {
	switch {
	case perm&0o077 == 0:
		return false
	case perm&0o007 != 0:
		return true
	}
	acl := make([]byte, aclMaxBytes)
	n, err := unix.Fgetxattr(int(f.Fd()), "system.posix_acl_access", acl)
	return err != nil || !onlyFor(uint32(os.Geteuid()), acl[:n])
}

// onlyFor tells whether the access list gives rights to nobody but the owner
// and the user uid.
func onlyFor(uid uint32, acl []byte) bool {
	const head, entry = 4, 8
	if len(acl) < head+entry || (len(acl)-head)%entry != 0 || binary.LittleEndian.Uint32(acl) != aclVersion {
		return false
	}
	for e := acl[head:]; len(e) > 0; e = e[entry:] {
		tag, perm := binary.LittleEndian.Uint16(e), binary.LittleEndian.Uint16(e[2:])
		mine := tag == aclOwner || tag == aclMask || tag == aclUser && binary.LittleEndian.Uint32(e[4:]) == uid
		if perm != 0 && !mine {
			return false
		}
	}
	return true
}
