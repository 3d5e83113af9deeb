package ipc

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// systemSID is LocalSystem. The list names it because it could take the right anyhow; Accept refuses it as it
// refuses everyone else.
const systemSID = "S-1-5-18"

var impersonateNamedPipeClient = windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")

// descriptor is the pipe's security descriptor in SDDL: owner, and a protected list with all rights
// for the owner and SYSTEM. The owner is spelled out because an elevated process would own as Administrators.
func descriptor(sid string) string {
	return fmt.Sprintf("O:%[1]sD:P(A;;GA;;;%[1]s)(A;;GA;;;SY)", sid)
}

// clientOf reads the user from the token of the pipe's client. Before that it reads the pipe's own list back:
// a pipe that others may open serves nobody.
func clientOf(c net.Conn) (Peer, error) {
	pipe, err := handleOf(c)
	if err != nil {
		return Peer{}, err
	}
	if err := checkList(pipe); err != nil {
		return Peer{}, err
	}
	sid, err := clientSID(pipe)
	if err != nil {
		return Peer{}, err
	}
	var pid uint32
	_ = windows.GetNamedPipeClientProcessId(pipe, &pid)
	return Peer{OSUser: sid, PID: int(pid)}, nil
}

// serverOf reads the owner of the pipe. Without a special privilege nobody can create a pipe
// that another user owns, and nobody but its owner and SYSTEM can add an instance to ours.
func serverOf(c net.Conn) (Peer, error) {
	pipe, err := handleOf(c)
	if err != nil {
		return Peer{}, err
	}
	sd, err := windows.GetSecurityInfo(pipe, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return Peer{}, fmt.Errorf("read pipe owner: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return Peer{}, fmt.Errorf("read pipe owner: %w", err)
	}
	var pid uint32
	_ = windows.GetNamedPipeServerProcessId(pipe, &pid)
	return Peer{OSUser: owner.String(), PID: int(pid)}, nil
}

func handleOf(c net.Conn) (windows.Handle, error) {
	file, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return 0, fmt.Errorf("identify peer: %T is no pipe", c)
	}
	return windows.Handle(file.Fd()), nil
}

// clientSID impersonates in a goroutine of its own: a thread that cannot revert ends with it
// and never serves anyone else.
//
// No byte needs to have been read for this: with static tracking, which is the default and what dial uses, the pipe
// file system takes the client's token when it connects. A client that asks for dynamic tracking, or
// connects anonymously, has no token here and is refused.
func clientSID(pipe windows.Handle) (string, error) {
	type answer struct {
		sid string
		err error
	}
	ch := make(chan answer, 1)
	go func() {
		runtime.LockOSThread()
		sid, err := impersonatedSID(pipe)
		if revertErr := windows.RevertToSelf(); revertErr != nil {
			ch <- answer{err: fmt.Errorf("revert to self: %w", revertErr)}
			return
		}
		runtime.UnlockOSThread()
		ch <- answer{sid, err}
	}()
	a := <-ch
	return a.sid, a.err
}

func impersonatedSID(pipe windows.Handle) (string, error) {
	if ok, _, err := impersonateNamedPipeClient.Call(uintptr(pipe)); ok == 0 {
		return "", fmt.Errorf("impersonate client: %w", err)
	}
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token); err != nil {
		return "", fmt.Errorf("open client token: %w", err)
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("read client SID: %w", err)
	}
	return user.User.Sid.String(), nil
}

// checkList proves that the pipe's list allows its owner and SYSTEM, and nobody else.
func checkList(pipe windows.Handle) error {
	info := windows.SECURITY_INFORMATION(windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION)
	sd, err := windows.GetSecurityInfo(pipe, windows.SE_KERNEL_OBJECT, info)
	if err != nil {
		return fmt.Errorf("read pipe access list: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("read pipe owner: %w", err)
	}
	list, _, err := sd.DACL()
	if err != nil || list == nil {
		return errors.Join(ErrUnsafePath, err)
	}
	for i := range uint32(list.AceCount) {
		if err := checkEntry(list, i, owner.String()); err != nil {
			return err
		}
	}
	return nil
}

func checkEntry(list *windows.ACL, i uint32, owner string) error {
	var entry *windows.ACCESS_ALLOWED_ACE
	if err := windows.GetAce(list, i, &entry); err != nil {
		return fmt.Errorf("read pipe access list: %w", err)
	}
	sid := (*windows.SID)(unsafe.Pointer(&entry.SidStart)).String()
	if entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || (sid != owner && sid != systemSID) {
		return fmt.Errorf("%w: pipe is open to %s", ErrUnsafePath, sid)
	}
	return nil
}

// kindOf reads a SID (MS-DTYP, 2.4.2.4): 18 is LocalSystem, 19 and 20 the accounts of simple services, 80 and 82 those
// of services and of IIS; 21 are accounts of a computer or domain, 12-1 those of Entra ID.
func kindOf(sid string) keyshift.CallerKind {
	switch {
	case sid == systemSID:
		return keyshift.CallerAdmin
	case sid == "S-1-5-19", sid == "S-1-5-20", strings.HasPrefix(sid, "S-1-5-80-"), strings.HasPrefix(sid, "S-1-5-82-"):
		return keyshift.CallerService
	case strings.HasPrefix(sid, "S-1-5-21-"), strings.HasPrefix(sid, "S-1-12-1-"):
		return keyshift.CallerUser
	}
	return keyshift.CallerUnknown
}
