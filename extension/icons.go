package extension

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/assets"
)

// iconSizes are each half of the one before, beginning with half of the app's icon.
var iconSizes = []int{128, 64, 32, 16}

func (o Options) writeIcons(dir, _ string) error {
	icon, err := png.Decode(bytes.NewReader(assets.App()))
	if err != nil {
		return fmt.Errorf("read icon: %w", err)
	}
	for _, size := range iconSizes {
		if icon.Bounds().Dx() != 2*size {
			return fmt.Errorf("halve icon: it is %d pixels wide, want %d", icon.Bounds().Dx(), 2*size)
		}
		icon = half(icon)
		var data bytes.Buffer
		if err := png.Encode(&data, icon); err != nil {
			return fmt.Errorf("write icon: %w", err)
		}
		if err := write(filepath.Join(dir, "icons", fmt.Sprintf("%d.png", size)), data.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// half averages each four pixels.
func half(in image.Image) image.Image {
	size := in.Bounds().Dx() / 2
	out := image.NewRGBA64(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			out.SetRGBA64(x, y, average(in, 2*x, 2*y))
		}
	}
	return out
}

func average(in image.Image, x, y int) color.RGBA64 {
	var sum [4]uint32
	for _, at := range []image.Point{{X: x, Y: y}, {X: x + 1, Y: y}, {X: x, Y: y + 1}, {X: x + 1, Y: y + 1}} {
		r, g, b, a := in.At(at.X, at.Y).RGBA()
		for i, v := range []uint32{r, g, b, a} {
			sum[i] += v
		}
	}
	return color.RGBA64{R: uint16(sum[0] / 4), G: uint16(sum[1] / 4), B: uint16(sum[2] / 4), A: uint16(sum[3] / 4)}
}
