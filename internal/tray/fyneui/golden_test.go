package fyneui

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// drawings are our own widgets, as they should look: testdata/NAME.png.
var drawings = map[string]func(*world) fyne.CanvasObject{
	"rings": func(*world) fyne.CanvasObject {
		full, quarter, little, none := newRing(60), newRing(60), newRing(60), newRing(60)
		full.set(1, false, "1 h")
		quarter.set(0.25, false, "15 min")
		little.set(0.001, true, "0:01")
		none.set(0, true, "")
		return newFlow(full, quarter, little, none)
	},
	"marks": func(*world) fyne.CanvasObject {
		row := newFlow()
		for _, n := range append(keyshift.Networks(), "") {
			m := newMark(40)
			m.set(n, false)
			row.Add(m)
		}
		muted := newMark(40)
		muted.set(keyshift.X, true)
		row.Add(muted)
		return row
	},
	"rows": func(w *world) fyne.CanvasObject {
		busy := account(v1.Network_NETWORK_X, "busy")
		busy.Holder = "lee"
		p := tray.Picture{At: noon, Status: office().status, Accounts: []*v1.Lendable{account(v1.Network_NETWORK_X, "free"), busy}}
		rows := w.desk.rows()
		rows.set(tray.HomeOf(w.words, p, "", noon).Rows)
		rows.Resize(fyne.NewSize(380, 560))
		rows.shown[4].object().(fyne.Focusable).FocusGained()
		return rows
	},
	"trouble": func(w *world) fyne.CanvasObject {
		return w.trouble(*tray.TroubleOf(w.words, refusal(keyshift.CodeHubUnreachable), noon))
	},
	"chips": func(w *world) fyne.CanvasObject {
		return w.chips(tray.Presets(w.words, 4*60*60*1e9, noon), 2).content
	},
}

// drawingSizes are those of the drawings.
var drawingSizes = map[string]fyne.Size{
	"rings": fyne.NewSize(400, 70), "marks": fyne.NewSize(400, 50), "rows": fyne.NewSize(390, 550), "trouble": fyne.NewSize(400, 120), "chips": fyne.NewSize(400, 75),
}

func TestOwnWidgetsLookAsTheyShould(t *testing.T) {
	for name, draw := range drawings {
		for _, theme := range []tray.Theme{tray.ThemeLight, tray.ThemeDark} {
			t.Run(name+"-"+string(theme), func(t *testing.T) {
				w := newWorld(t, office(), tray.Settings{Theme: theme})
				w.furnish(test.NewTempWindow(t, nil))
				object := draw(w)
				if name == "rows" {
					w.window.SetContent(container.NewWithoutLayout(object))
				} else {
					w.window.SetContent(sheet(stack(object), nil))
				}
				w.window.Resize(drawingSizes[name])
				compare(t, filepath.Join("testdata", filepath.Base(t.Name())+".png"), w.window.Canvas().Capture())
			})
		}
	}
}

// compare wants a picture to be like the one in a file. Processors round differently, so a few pixels may differ. One that
// is not alike is kept in build/screenshots: after it was looked at, it may take the file's place.
func compare(t *testing.T, file string, got image.Image) {
	t.Helper()
	f, err := os.Open(file)
	if err == nil {
		defer f.Close()
		var want image.Image
		if want, err = png.Decode(f); err == nil && alike(got, want) {
			return
		}
	}
	keep(t, "other-"+filepath.Base(t.Name()), got)
	t.Errorf("%s is not what is drawn (%v); see build/screenshots/other-%s", file, err, filepath.Base(file))
}

func alike(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	other := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if far(a.At(x, y), b.At(x, y)) {
				other++
			}
		}
	}
	return other*1000 <= a.Bounds().Dx()*a.Bounds().Dy()
}

func far(a, b color.Color) bool {
	x, y := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	apart := func(i, j uint8) bool { return max(i, j)-min(i, j) > 24 }
	return apart(x.R, y.R) || apart(x.G, y.G) || apart(x.B, y.B)
}

func TestPicturesThatDifferAreTold(t *testing.T) {
	a, b := image.NewNRGBA(image.Rect(0, 0, 100, 100)), image.NewNRGBA(image.Rect(0, 0, 100, 100))
	for i := range 10 {
		b.Set(i, i, color.White)
	}
	if !alike(a, b) {
		t.Error("10 of 10,000 pixels make a difference")
	}
	b.Set(50, 50, color.White)
	if alike(a, b) {
		t.Error("11 of 10,000 pixels make no difference")
	}
}
