package simulation

import (
	"errors"
	"syscall"
)

// errDead is what everything answers to a program that has died: nothing that it still does has any effect.
var errDead = errors.New("the program is dead")

// fuse kills a program, or fails it once, at one of the operations that last.
type fuse struct {
	dead bool
	// crashIn and failIn count down operations; 0 is off.
	crashIn, failIn int
	fault           error
	// blown is called when the program dies of the fuse.
	blown func()
}

// step is one operation that is about to happen.
func (f *fuse) step() error {
	if f.dead {
		return errDead
	}
	if f.crashIn > 0 {
		if f.crashIn--; f.crashIn == 0 {
			f.kill()
			return errDead
		}
	}
	if f.failIn > 0 {
		if f.failIn--; f.failIn == 0 {
			return f.fault
		}
	}
	return nil
}

func (f *fuse) kill() {
	if f.dead {
		return
	}
	f.dead = true
	if f.blown != nil {
		f.blown()
	}
}

// diskFaults are what a disk answers when it does not work.
var diskFaults = []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS}
