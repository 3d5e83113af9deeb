package fyneui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// Colors of our own widgets, besides those that Fyne names.
const (
	colorCard   fyne.ThemeColorName = "keyshift-card"
	colorLine   fyne.ThemeColorName = "keyshift-line"
	colorTrack  fyne.ThemeColorName = "keyshift-track"
	colorWarm   fyne.ThemeColorName = "keyshift-warm"
	colorWarmOn fyne.ThemeColorName = "keyshift-warm-on"
)

// Sizes of texts of our own.
const sizeDigits fyne.ThemeSizeName = "keyshift-digits"

// look is the theme: calm grays and one accent, in light and dark. It takes the icons and the font from Fyne.
type look struct {
	fyne.Theme
	wish tray.Theme
	// scale is the size of texts as a factor.
	scale float32
}

func newLook(s tray.Settings) *look { return &look{theme.DefaultTheme(), s.Theme, s.TextScale()} }

// Color gives a color of the chosen appearance, or of the computer's.
func (l *look) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	colors := light
	if l.wish == tray.ThemeDark || l.wish == tray.ThemeSystem && v == theme.VariantDark {
		colors, v = dark, theme.VariantDark
	} else {
		v = theme.VariantLight
	}
	if c, ok := colors[name]; ok {
		return c
	}
	return l.Theme.Color(name, v)
}

// Size gives sizes that breathe, and texts in the chosen size.
func (l *look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return 14 * l.scale
	case theme.SizeNameCaptionText:
		return 12 * l.scale
	case theme.SizeNameSubHeadingText:
		return 17 * l.scale
	case theme.SizeNameHeadingText:
		return 22 * l.scale
	case sizeDigits:
		return 44 * min(l.scale, 1.5)
	case theme.SizeNameInlineIcon:
		return 18 * l.scale
	case theme.SizeNamePadding:
		return 5
	case theme.SizeNameInnerPadding:
		return 9
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 7
	case theme.SizeNameInputBorder:
		return 1
	}
	return l.Theme.Size(name)
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

// The contrast of every text to what it stands on is at least 4.5 to 1; a test looks.
var light = map[fyne.ThemeColorName]color.NRGBA{
	theme.ColorNameBackground:          rgb(0xf5f6f8),
	theme.ColorNameForeground:          rgb(0x1d2530),
	theme.ColorNamePrimary:             rgb(0x0b6e69),
	theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
	theme.ColorNameHyperlink:           rgb(0x0b6e69),
	theme.ColorNameButton:              rgb(0xe6e9ee),
	theme.ColorNameDisabledButton:      rgb(0xeceef2),
	theme.ColorNameDisabled:            rgb(0x5f6a79),
	theme.ColorNamePlaceHolder:         rgb(0x667080),
	theme.ColorNameInputBackground:     rgb(0xffffff),
	theme.ColorNameInputBorder:         rgb(0x848e9c),
	theme.ColorNameHover:               rgba(0x1d2530, 0x10),
	theme.ColorNamePressed:             rgba(0x1d2530, 0x20),
	theme.ColorNameFocus:               rgba(0x0b6e69, 0x4c),
	theme.ColorNameSelection:           rgba(0x0b6e69, 0x30),
	theme.ColorNameSeparator:           rgb(0xdde1e7),
	theme.ColorNameScrollBar:           rgba(0x1d2530, 0x60),
	theme.ColorNameShadow:              rgba(0x1d2530, 0x20),
	theme.ColorNameOverlayBackground:   rgb(0xffffff),
	theme.ColorNameMenuBackground:      rgb(0xffffff),
	theme.ColorNameHeaderBackground:    rgb(0xf5f6f8),
	theme.ColorNameError:               rgb(0xb3261e),
	theme.ColorNameForegroundOnError:   rgb(0xffffff),
	theme.ColorNameWarning:             rgb(0x8f5200),
	theme.ColorNameForegroundOnWarning: rgb(0xffffff),
	theme.ColorNameSuccess:             rgb(0x0b6e69),
	theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
	colorCard:                          rgb(0xffffff),
	colorLine:                          rgb(0xdfe3e9),
	colorTrack:                         rgb(0xdfe3e9),
	colorWarm:                          rgb(0xfdf0dc),
	colorWarmOn:                        rgb(0x6b3d00),
}

var dark = map[fyne.ThemeColorName]color.NRGBA{
	theme.ColorNameBackground:          rgb(0x14181e),
	theme.ColorNameForeground:          rgb(0xe7ebf0),
	theme.ColorNamePrimary:             rgb(0x57c7be),
	theme.ColorNameForegroundOnPrimary: rgb(0x06221f),
	theme.ColorNameHyperlink:           rgb(0x6fd3ca),
	theme.ColorNameButton:              rgb(0x2c343e),
	theme.ColorNameDisabledButton:      rgb(0x222932),
	theme.ColorNameDisabled:            rgb(0x98a4b2),
	theme.ColorNamePlaceHolder:         rgb(0x94a0ae),
	theme.ColorNameInputBackground:     rgb(0x222932),
	theme.ColorNameInputBorder:         rgb(0x76828f),
	theme.ColorNameHover:               rgba(0xffffff, 0x12),
	theme.ColorNamePressed:             rgba(0xffffff, 0x22),
	theme.ColorNameFocus:               rgba(0x57c7be, 0x55),
	theme.ColorNameSelection:           rgba(0x57c7be, 0x40),
	theme.ColorNameSeparator:           rgb(0x2b333d),
	theme.ColorNameScrollBar:           rgba(0xffffff, 0x60),
	theme.ColorNameShadow:              rgba(0x000000, 0x60),
	theme.ColorNameOverlayBackground:   rgb(0x1c222a),
	theme.ColorNameMenuBackground:      rgb(0x1c222a),
	theme.ColorNameHeaderBackground:    rgb(0x14181e),
	theme.ColorNameError:               rgb(0xff8a80),
	theme.ColorNameForegroundOnError:   rgb(0x2b0503),
	theme.ColorNameWarning:             rgb(0xf2b866),
	theme.ColorNameForegroundOnWarning: rgb(0x2a1a00),
	theme.ColorNameSuccess:             rgb(0x57c7be),
	theme.ColorNameForegroundOnSuccess: rgb(0x06221f),
	colorCard:                          rgb(0x1c222a),
	colorLine:                          rgb(0x2b333d),
	colorTrack:                         rgb(0x323b46),
	colorWarm:                          rgb(0x3a2c14),
	colorWarmOn:                        rgb(0xffd9a0),
}
