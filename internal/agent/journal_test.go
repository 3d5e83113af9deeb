package agent

import (
	"log/slog"
	"syscall"
	"testing"
)

// unsynced is a folder on a disk that takes what is written and then fails to sync it.
type unsynced struct{ *memoryFiles }

func (u unsynced) Begin(name string, data []byte) (settle func() error, err error) {
	return func() error { return syscall.EIO }, u.Write(name, data)
}

// add begins a record and waits for it.
func (j *journal) add(rec record) error {
	settle, err := j.begin(rec)
	if err != nil {
		return err
	}
	return settle()
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
