package icon

import (
	"image"
	"image/color"
	"image/png"
	"io"
)

// A tray wants colors that are not multiplied by their opacity, a byte each. Package systray takes the lower byte of what
// color.Color.RGBA gives, which for anything between clear and opaque is noise. So it is given pictures in a format of our
// own, a PNG with a mark before it, whose colors have in the lower byte what the tray wants.
const mark = "keyshift picture\n"

func init() { image.RegisterFormat("keyshift", mark, decode, config) }

// straight marks a PNG.
func straight(file []byte) []byte { return append([]byte(mark), file...) }

func decode(r io.Reader) (image.Image, error) {
	if _, err := io.ReadFull(r, make([]byte, len(mark))); err != nil {
		return nil, err
	}
	picture, err := png.Decode(r)
	if err != nil {
		return nil, err
	}
	return pixels{picture}, nil
}

func config(r io.Reader) (image.Config, error) {
	if _, err := io.ReadFull(r, make([]byte, len(mark))); err != nil {
		return image.Config{}, err
	}
	return png.DecodeConfig(r)
}

// pixels is a picture whose colors are straight.
type pixels struct{ image.Image }

func (p pixels) At(x, y int) color.Color {
	c, _ := color.NRGBAModel.Convert(p.Image.At(x, y)).(color.NRGBA)
	return straightColor(c)
}

// straightColor is a color whose RGBA is not multiplied by its opacity, against the rule of package color.
type straightColor color.NRGBA

func (c straightColor) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}
