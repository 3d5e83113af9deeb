package notify

import (
	"context"
	"fmt"
	"os/exec"
)

// display is the whole script. The texts are its arguments, so that they stay texts.
const display = "on run {title, body}\ndisplay notification body with title title\nend run"

// showByScript shows a notice without its buttons, for a program that is not in a bundle.
func showByScript(ctx context.Context, notice Notice) error {
	cmd := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", display, "--", notice.Title, notice.Body) // #nosec G204 -- arguments, not a script
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	return nil
}
