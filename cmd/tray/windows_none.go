//go:build !(x11 || wayland || ci || (cgo && !linux))

package main

import (
	"context"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// windows is missing: a program without C has icon, menu and notifications.
var windows func(context.Context, tray.WindowOptions) error
