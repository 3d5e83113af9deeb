// Package fyneui draws the tray's windows with Fyne. Nothing else imports Fyne, and nothing here decides anything: what a
// window shows comes from package tray.
//
// Run belongs to the main goroutine of a process of its own, the window process: Fyne keeps a processor busy sixty times a
// second for as long as it lives, so the process ends a while after its last window was closed.
//
// There is one window, the desk's, and in it one page: page_*.go, a file for each. A page is made once; update shows it
// the newest picture and the moment, changes only what is different, and says how long that stays true. Nothing is drawn
// in between, and nothing is planned while nothing counts down. A page that has to wait for something asks through the
// bridge, which alone knows goroutines.
//
// Fyne's boxes ask for heights before widths are known; column, flow, headed and footed do it the other way round, so that
// texts may break into lines. Buttons and fields are Fyne's with Enter and Escape added; rows, ring, mark and panel are our
// own, and look as in testdata.
//
// With the tag `ci` Fyne draws in memory, without C and without a display. The tests leave pictures of every window in
// build/screenshots.
package fyneui
