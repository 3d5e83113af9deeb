package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"regexp"
	"strings"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

// Sizes in pixels.
const (
	trayIcon     = 48
	templateIcon = 44
	appIcon      = 256
)

// The colors of a key on each ground.
const (
	onDark  = "#f4f6f8"
	onLight = "#26323d"
)

// windowsSizes are the sizes in an .ico file, for screens of 100, 150 and 200 %, and larger.
var windowsSizes = []int{16, 24, 32, 48}

// pictures draws everything, by file name.
func pictures(sources fs.FS) (map[string][]byte, error) {
	names, err := fs.Glob(sources, "*.svg")
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		svg, err := fs.ReadFile(sources, name)
		if err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		if err := drawAll(files, strings.TrimSuffix(name, ".svg"), string(svg)); err != nil {
			return nil, fmt.Errorf("draw %s: %w", name, err)
		}
	}
	return files, nil
}

func drawAll(files map[string][]byte, name, svg string) error {
	if !strings.Contains(svg, "currentColor") {
		return drawPNG(files, "png/"+name+".png", svg, appIcon)
	}
	for ground, color := range map[string]string{"-dark": onDark, "-light": onLight} {
		colored := strings.ReplaceAll(svg, "currentColor", color)
		if err := drawPNG(files, "png/"+name+ground+".png", colored, trayIcon); err != nil {
			return err
		}
		if err := drawICO(files, "ico/"+name+ground+".ico", colored); err != nil {
			return err
		}
	}
	return drawPNG(files, "png/"+name+"-template.png", template(svg), templateIcon)
}

var filled = regexp.MustCompile(`fill="#[0-9a-f]{6}"`)

// template is a drawing in black lines alone.
func template(svg string) string {
	svg = filled.ReplaceAllString(svg, `fill="none" stroke="#000000" stroke-width="1.5"`)
	return strings.NewReplacer("currentColor", "#000000", "#ffffff", "#000000").Replace(svg)
}

func drawPNG(files map[string][]byte, name, svg string, size int) error {
	picture, err := raster(svg, size)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, picture); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	files[name] = out.Bytes()
	return nil
}

func raster(svg string, size int) (*image.NRGBA, error) {
	drawing, err := oksvg.ReadIconStream(strings.NewReader(svg), oksvg.StrictErrorMode)
	if err != nil {
		return nil, fmt.Errorf("read SVG: %w", err)
	}
	drawing.SetTarget(0, 0, float64(size), float64(size))
	flat := image.NewRGBA(image.Rect(0, 0, size, size))
	scanner := rasterx.NewScannerGV(size, size, flat, flat.Bounds())
	drawing.Draw(rasterx.NewDasher(size, size, scanner), 1)
	return straight(flat), nil
}

// straight is a picture whose colors are not multiplied by their opacity.
func straight(flat *image.RGBA) *image.NRGBA {
	out := image.NewNRGBA(flat.Bounds())
	for y := range flat.Bounds().Dy() {
		for x := range flat.Bounds().Dx() {
			out.Set(x, y, flat.At(x, y))
		}
	}
	return out
}
