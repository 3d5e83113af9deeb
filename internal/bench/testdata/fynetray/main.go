// A tray app as Fyne makes them: an icon with a menu, and no window.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver/desktop"
)

func main() {
	a := app.NewWithID("bare")
	desk := a.(desktop.App)
	desk.SetSystemTrayMenu(fyne.NewMenu("bare", fyne.NewMenuItem("Something", func() {})))
	a.Run()
}
