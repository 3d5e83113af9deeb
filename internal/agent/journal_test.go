package agent

import (
	"log/slog"
	"syscall"
	"testing"
)

// unsynced is a folder on a disk that takes what is written and then fails to sync it.
type unsynced struct{ *memoryFiles }

func (u unsynced) Write(name string, data []byte) error {
	if err := u.memoryFiles.Write(name, data); err != nil {
		return err
	}
	return syscall.EIO
}

func TestARecordThatCouldNotBeAddedIsNotTakenUp(t *testing.T) {
	files := unsynced{newMemoryFiles()}
	j, _, err := openJournal(files, slog.New(slog.DiscardHandler), func() {})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.add(record{RequestID: "r", Phase: requested}); err == nil {
		t.Error("a record that is not durable was added")
	}
	again, _, err := openJournal(files, slog.New(slog.DiscardHandler), func() {})
	if err != nil {
		t.Fatal(err)
	}
	if got := again.all(); len(got) != 0 {
		t.Errorf("the next start finds %+v, want nothing", got)
	}
}
