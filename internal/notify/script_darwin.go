package notify

import (
	"context"
	"fmt"
	"os/exec"
)

// Notifier shows notices. Make it with Open.
type Notifier struct{}

// Open makes a notifier.
func Open(context.Context, Options) (*Notifier, error) { return &Notifier{}, nil }

// display is the whole script. The texts are its arguments, so that they stay texts.
const display = "on run {title, body}\ndisplay notification body with title title\nend run"

// Show shows a notice, without its buttons.
func (n *Notifier) Show(ctx context.Context, notice Notice) error {
	cmd := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", display, "--", notice.Title, notice.Body) // #nosec G204 -- arguments, not a script
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	return nil
}
