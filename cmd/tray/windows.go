//go:build x11 || wayland || ci || (cgo && !linux)

package main

import "github.com/keyshift-hq/keyshift/internal/tray/fyneui"

// windows draws them with Fyne, which needs C.
var windows = fyneui.Run
