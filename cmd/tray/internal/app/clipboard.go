package app

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// errNoClipboard says that a program without a window cannot copy on this desk.
var errNoClipboard = errors.New("no program for the clipboard")

// copyCode puts a one-time code on the clipboard and says so. Where that needs a window, the window of the code does it.
func (r *resident) copyCode(ctx context.Context, lease string) error {
	if len(clipboard(r.Env)) == 0 {
		r.windows.show(tray.Request{Window: tray.WindowCode, Argument: lease})
		return nil
	}
	got, err := r.agent.Code(ctx, lease)
	if err != nil {
		return err
	}
	if err := copyWith(ctx, clipboard(r.Env), got.GetCode()); err != nil {
		return err
	}
	words := r.words()
	code := tray.CodeOf(words, got, r.Now())
	r.tell(ctx, tray.Notice{ID: "code", Title: words.Text("tray_notice_code"), Body: words.Text("tray_code_copied", code.Seconds)})
	return nil
}

// copyWith gives a text to a program for the clipboard. It is not one of its arguments, which others can read.
func copyWith(ctx context.Context, program []string, text string) error {
	if len(program) == 0 {
		return errNoClipboard
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...) // #nosec G204 -- constants
	cmd.Stdin, cmd.WaitDelay = strings.NewReader(text), time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("copy to clipboard: %w", err)
	}
	return nil
}
