package fyneui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// luminance and contrast are those of WCAG 2.2.
func luminance(c color.NRGBA) float64 {
	channel := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextsStandOut(t *testing.T) {
	for name, colors := range map[string]map[fyne.ThemeColorName]color.NRGBA{"light": light, "dark": dark} {
		for _, tt := range []struct{ text, ground fyne.ThemeColorName }{
			{theme.ColorNameForeground, theme.ColorNameBackground},
			{theme.ColorNameForeground, colorCard},
			{theme.ColorNameForeground, colorWarm},
			{theme.ColorNameForeground, theme.ColorNameButton},
			{theme.ColorNameForeground, theme.ColorNameInputBackground},
			{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
			{theme.ColorNameDisabled, theme.ColorNameBackground}, // Fyne draws quiet texts in it
			{theme.ColorNameDisabled, colorCard},
			{theme.ColorNameDisabled, colorWarm},
			{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
			{theme.ColorNameHyperlink, colorCard},
		} {
			if got := contrast(colors[tt.text], colors[tt.ground]); got < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", name, tt.text, tt.ground, got)
			}
		}
	}
	for name, colors := range map[string]map[fyne.ThemeColorName]color.NRGBA{"light": light, "dark": dark} {
		for _, ground := range []fyne.ThemeColorName{theme.ColorNameBackground, colorCard, theme.ColorNameInputBackground} {
			if got := contrast(colors[theme.ColorNameInputBorder], colors[ground]); got < 3 { // WCAG 2.2, 1.4.11
				t.Errorf("%s: the border of fields and boxes on %s has a contrast of %.2f, want 3", name, ground, got)
			}
		}
	}
	for network, m := range marks {
		if got := contrast(rgb(0xffffff), m.fill); got < 4.5 {
			t.Errorf("the letters of %s have a contrast of %.2f, want 4.5", network, got)
		}
	}
}

func TestBothAppearancesHaveAllColors(t *testing.T) {
	for name := range light {
		if _, there := dark[name]; !there {
			t.Errorf("dark has no %s", name)
		}
	}
	if len(light) != len(dark) {
		t.Errorf("light has %d colors, dark %d", len(light), len(dark))
	}
}
