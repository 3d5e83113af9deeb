package notify

import (
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

func class(name string) objc.ID { return objc.ID(objc.GetClass(name)) }

func sel(name string) objc.SEL { return objc.RegisterName(name) }

// str makes a string that lives as long as the pool around it. What is not UTF-8 is empty.
func str(s string) objc.ID {
	made := class("NSString").Send(sel("stringWithUTF8String:"), s)
	if made == 0 {
		return class("NSString").Send(sel("string"))
	}
	return made
}

func text(s objc.ID) string {
	if s == 0 {
		return ""
	}
	return objc.Send[string](s, sel("UTF8String"))
}

// blockHead is how a block begins in memory (Block ABI of clang).
type blockHead struct {
	_      uintptr // isa
	_, _   int32   // flags, reserved
	invoke uintptr
}

// call calls a block that was not made in Go.
func call(block objc.ID, args ...uintptr) {
	if head := *(**blockHead)(unsafe.Pointer(&block)); head != nil { // #nosec G103 -- a block is a pointer to its head
		_, _, _ = purego.SyscallN(head.invoke, append([]uintptr{uintptr(block)}, args...)...)
	}
}
