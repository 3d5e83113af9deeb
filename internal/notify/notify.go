// Package notify shows notifications with buttons, by the means of the operating system: org.freedesktop.Notifications on
// Linux, toasts of the Windows Runtime on Windows, the user notification center on macOS for a program in a signed bundle. One
// without a bundle is not known there: its notices are shown by a script, without buttons. What macOS and Windows do with a
// press has been compiled and read, and not been tried on such a system.
//
// Texts are data. They come from hubs, so none of them is ever part of a script or of markup.
//
// Where a desktop shows no buttons (the server lacks "actions"), a notice is shown without; what its buttons do can be done
// elsewhere too. Where nothing shows notifications, Show says so with an error.
package notify

// Notice is what to show.
type Notice struct {
	// ID tells notices apart. A notice with the ID of one that is on the screen takes its place.
	ID string
	// Title and Body are plain text.
	Title, Body string
	Buttons     []Button
	// Urgent notices stay until they are answered, where the desktop lets them.
	Urgent bool
	// Sound plays the sound of the desktop for messages, where it has one. Notices are silent otherwise.
	Sound bool
}

// Button is one answer to a notice.
type Button struct {
	// Key is what Options.Pressed is told; it is not shown.
	Key  string
	Text string
}

// Options are how notices are shown.
type Options struct {
	// App is the name of the program, as people read it.
	App string
	// DesktopEntry is the name of the program's .desktop file, without that ending.
	DesktopEntry string
	// Executable is the path of the program, for systems that start it when an old notice is answered.
	Executable string
	// Pressed is told which button of which notice was pressed. It is called on goroutines of its own.
	Pressed func(id, key string)
}
