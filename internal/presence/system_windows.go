package presence

import (
	"context"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// system asks the session of this process. Nothing is kept open.
type system struct{}

func (*system) close() {}

func (*system) look(context.Context, func()) State {
	notify := notificationState()
	return State{
		Locked: locked() || notify == notPresent,
		Idle:   sinceInput(),
		Quiet:  notify == busy || notify == fullScreen || notify == presenting || notify == quietTime,
	}
}

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	wtsapi32 = windows.NewLazySystemDLL("wtsapi32.dll")
	shell32  = windows.NewLazySystemDLL("shell32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")

	getLastInput     = user32.NewProc("GetLastInputInfo")
	getTickCount     = kernel32.NewProc("GetTickCount")
	querySession     = wtsapi32.NewProc("WTSQuerySessionInformationW")
	freeMemory       = wtsapi32.NewProc("WTSFreeMemory")
	queryNotifyState = shell32.NewProc("SHQueryUserNotificationState")
)

// lastInput is LASTINPUTINFO. Ticks are milliseconds of a counter of 32 bits.
type lastInput struct {
	size uint32
	tick uint32
}

func sinceInput() time.Duration {
	in := lastInput{size: uint32(unsafe.Sizeof(lastInput{}))}
	if getLastInput.Find() != nil || getTickCount.Find() != nil {
		return 0
	}
	if ok, _, _ := getLastInput.Call(uintptr(unsafe.Pointer(&in))); ok == 0 {
		return 0
	}
	now, _, _ := getTickCount.Call()
	return time.Duration(uint32(now)-in.tick) * time.Millisecond // both wrap around together
}

const (
	currentServer  = 0          // WTS_CURRENT_SERVER_HANDLE
	currentSession = 0xFFFFFFFF // WTS_CURRENT_SESSION
	sessionInfoEx  = 25         // WTSSessionInfoEx
	levelOne       = 1
	sessionLocked  = 0 // WTS_SESSIONSTATE_LOCK, Windows 8 and later
)

// sessionInfo is the head of WTSINFOEXW with its WTSINFOEX_LEVEL1_W, which begins at a multiple of eight bytes.
type sessionInfo struct {
	level     uint32
	_         uint32
	sessionID uint32
	state     int32
	flags     int32
}

func locked() bool {
	var info *sessionInfo
	var size uint32
	if querySession.Find() != nil || freeMemory.Find() != nil {
		return false
	}
	ok, _, _ := querySession.Call(currentServer, currentSession, sessionInfoEx, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 || info == nil {
		return false
	}
	defer func() { _, _, _ = freeMemory.Call(uintptr(unsafe.Pointer(info))) }()
	return uintptr(size) >= unsafe.Sizeof(*info) && info.level == levelOne && info.flags == sessionLocked
}

// QUERY_USER_NOTIFICATION_STATE.
const (
	notPresent = 1 // locked, a screen saver, or another user's turn
	busy       = 2
	fullScreen = 3
	presenting = 4
	quietTime  = 6
)

func notificationState() int32 {
	var state int32
	if queryNotifyState.Find() != nil {
		return 0
	}
	if failed, _, _ := queryNotifyState.Call(uintptr(unsafe.Pointer(&state))); int32(failed) != 0 {
		return 0
	}
	return state
}
