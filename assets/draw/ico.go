package main

import (
	"bytes"
	"encoding/binary"
	"image"
)

// drawICO makes an .ico file of 32-bit bitmaps, which every Windows reads at every size.
func drawICO(files map[string][]byte, name, svg string) error {
	var bitmaps [][]byte
	for _, size := range windowsSizes {
		picture, err := raster(svg, size)
		if err != nil {
			return err
		}
		bitmaps = append(bitmaps, bitmap(picture))
	}
	files[name] = ico(bitmaps)
	return nil
}

const (
	icoHead    = 6
	icoEntry   = 16
	bitmapHead = 40
)

// ico puts bitmaps of windowsSizes into one file: a head, an entry for each, and the bitmaps.
func ico(bitmaps [][]byte) []byte {
	head, body := &bytes.Buffer{}, &bytes.Buffer{}
	put(head, uint16(0), uint16(1), uint16(len(bitmaps)))
	for n, b := range bitmaps {
		size := uint8(windowsSizes[n])
		at := icoHead + icoEntry*len(bitmaps) + body.Len()
		put(head, size, size, uint8(0), uint8(0), uint16(1), uint16(32), uint32(len(b)), uint32(at))
		body.Write(b)
	}
	return append(head.Bytes(), body.Bytes()...)
}

// bitmap is a BITMAPINFOHEADER, the pixels from the lowest line up as blue, green, red, opacity, and an empty mask.
func bitmap(p *image.NRGBA) []byte {
	size := p.Bounds().Dx()
	out := &bytes.Buffer{}
	put(out, uint32(bitmapHead), int32(size), int32(2*size), uint16(1), uint16(32), uint32(0), uint32(0), int32(0), int32(0), uint32(0), uint32(0))
	for y := size - 1; y >= 0; y-- {
		for x := range size {
			c := p.NRGBAAt(x, y)
			put(out, c.B, c.G, c.R, c.A)
		}
	}
	mask := (size + 31) / 32 * 4 * size
	out.Write(make([]byte, mask))
	return out.Bytes()
}

func put(out *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(out, binary.LittleEndian, v) // a buffer takes everything
	}
}
