// A window as Fyne makes them, with a word in it.
package main

import (
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("bare").NewWindow("bare window")
	w.SetContent(widget.NewLabel("word"))
	w.ShowAndRun()
}
