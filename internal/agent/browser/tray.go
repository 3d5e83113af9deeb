package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// trayLimit is how long the tray may take to hear.
const trayLimit = 2 * time.Second

// AskTray asks the tray that listens at path for a window, in the form in which a second start of it asks the first.
func AskTray(ctx context.Context, path, window, argument string) error {
	ctx, cancel := context.WithTimeout(ctx, trayLimit)
	defer cancel()
	c, err := ipc.Dial(ctx, path)
	if err != nil {
		return keyshift.Refuse(keyshift.CodeUnavailable, "The tray does not run.", "Run keyshift-agent mistake instead.").Because(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(trayLimit)); err != nil {
		return fmt.Errorf("ask tray: %w", err)
	}
	question := struct {
		Window   string `json:"window"`
		Argument string `json:"argument,omitempty"`
	}{window, argument}
	if err := json.NewEncoder(c).Encode(question); err != nil {
		return fmt.Errorf("ask tray: %w", err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		return fmt.Errorf("hear tray: %w", err)
	}
	return nil
}
