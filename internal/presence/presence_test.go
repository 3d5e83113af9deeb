package presence

import (
	"testing"
	"time"
)

func TestWhoIsAway(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state State
		want  bool
	}{
		{"nothing is known", State{}, false},
		{"reading", State{Idle: IdleAfter - time.Second}, false},
		{"idle", State{Idle: IdleAfter}, true},
		{"locked", State{Locked: true}, true},
		{"presenting", State{Quiet: true}, true},
	} {
		if got := tt.state.Away(); got != tt.want {
			t.Errorf("%s: away is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTheRegistryOfAMacIsRead(t *testing.T) {
	const hid = `+-o IOHIDSystem  <class IOHIDSystem, id 0x1000002a1, registered, matched, active>
    {
      "HIDIdleTime" = 361000000000
      "HIDParameters" = {"HIDDefaultParameters"=Yes,"HIDIdleTimeX"=5}
    }`
	const locked = `  "IOConsoleUsers" = ({"kCGSSessionOnConsoleKey"=Yes,"CGSSessionScreenIsLocked"=Yes,"kCGSSessionUserNameKey"="dana"})`
	const open = `  "IOConsoleUsers" = ({"kCGSSessionOnConsoleKey"=Yes,"CGSSessionScreenIsLocked"=No})`
	for _, tt := range []struct {
		text   string
		idle   time.Duration
		locked bool
	}{
		{hid, 361 * time.Second, false},
		{locked, 0, true},
		{open, 0, false},
		{"", 0, false},
		{`"HIDIdleTime" = 99999999999999999999999`, 0, false},
	} {
		if got := idleOf(tt.text); got != tt.idle {
			t.Errorf("%.40q: idle %v, want %v", tt.text, got, tt.idle)
		}
		if got := lockedIn(tt.text); got != tt.locked {
			t.Errorf("%.40q: locked %v, want %v", tt.text, got, tt.locked)
		}
	}
}
