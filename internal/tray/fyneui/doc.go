// Package fyneui draws the tray's windows with Fyne. Nothing else imports Fyne, and nothing here decides anything: what a
// window shows comes from package tray.
//
// Run belongs to the main goroutine of a process of its own, the window process: Fyne keeps a processor busy sixty times a
// second for as long as it lives, so the process ends a while after its last window was closed.
package fyneui
