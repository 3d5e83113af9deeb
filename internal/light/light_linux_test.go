package light

import "testing"

func TestOnlyMappingsThatCannotBeWrittenAreReleased(t *testing.T) {
	for _, tt := range []struct {
		line       string
		begin, end uintptr
		want       bool
	}{
		{"00400000-00b5c000 r-xp 00000000 fe:00 123 /usr/bin/keyshift-agent\n", 0x400000, 0xb5c000, true},
		{"00b5c000-0123e000 r--p 0075c000 fe:00 123 /usr/bin/keyshift-agent\n", 0xb5c000, 0x123e000, true},
		{"0123e000-01290000 rw-p 00e3e000 fe:00 123 /usr/bin/keyshift-agent\n", 0, 0, false},
		{"7f0000000000-7f0000001000 r--p 00000000 fe:00 9 /usr/lib/other\n", 0, 0, false},
		{"7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0 [vdso]\n", 0, 0, false},
		{"c000000000-c000400000 rw-p 00000000 00:00 0 \n", 0, 0, false},
	} {
		begin, end, ok := readOnlyMapping(tt.line, "/usr/bin/keyshift-agent")
		if ok != tt.want || ok && (begin != tt.begin || end != tt.end) {
			t.Errorf("%q: %x-%x, %v, want %x-%x, %v", tt.line, begin, end, ok, tt.begin, tt.end, tt.want)
		}
	}
}

func TestTheProgramRunsOnAfterItsPagesWereReleased(t *testing.T) {
	if err := releaseProgram(); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := readOnlyMapping("", ""); ok { // runs code that has to come back from the file
		t.Error("an empty line is a mapping")
	}
}
