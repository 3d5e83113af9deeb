package hardening

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

func TestApplyKeepsHeapOutOfReports(t *testing.T) {
	for range 2 {
		if err := Apply(); err != nil {
			t.Fatal(err)
		}
	}
	var flags uint32
	if code, _, _ := werGetFlags.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&flags))); code != 0 {
		t.Fatalf("WerGetFlags gave %#x", code)
	}
	if flags&werNoHeap == 0 || flags&werNoUI == 0 {
		t.Errorf("got flags %#x", flags)
	}
}
