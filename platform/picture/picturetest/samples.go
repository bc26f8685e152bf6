// Package picturetest has pictures for tests.
package picturetest

import (
	"bytes"
	"embed"
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"testing"
)

//go:embed pictures
var pictures embed.FS

// Samples are of each kind that decoders know one picture, by name.
func Samples(t testing.TB) map[string][]byte {
	t.Helper()
	entries, err := pictures.ReadDir("pictures")
	if err != nil || len(entries) < 15 {
		t.Fatalf("%d pictures: %v", len(entries), err)
	}
	found := map[string][]byte{}
	for _, e := range entries {
		data, err := pictures.ReadFile("pictures/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = data
	}
	return found
}

// Claiming is the picture with other sides in its header: what comes after them is too short for them.
func Claiming(t testing.TB, name string, data []byte, width, height int) []byte {
	t.Helper()
	out := bytes.Clone(data)
	switch filepath.Ext(name) {
	case ".png":
		binary.BigEndian.PutUint32(out[16:], uint32(width))
		binary.BigEndian.PutUint32(out[20:], uint32(height))
		binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	case ".jpg":
		for i := 2; ; i += 2 + int(binary.BigEndian.Uint16(out[i+2:])) {
			if out[i+1] >= 0xc0 && out[i+1] <= 0xc2 {
				binary.BigEndian.PutUint16(out[i+5:], uint16(height))
				binary.BigEndian.PutUint16(out[i+7:], uint16(width))
				return out
			}
		}
	case ".webp":
		switch string(out[12:16]) {
		case "VP8 ":
			binary.LittleEndian.PutUint16(out[26:], uint16(width))
			binary.LittleEndian.PutUint16(out[28:], uint16(height))
		case "VP8L":
			sides := binary.LittleEndian.Uint32(out[21:])&^(1<<28-1) | uint32(height-1)<<14 | uint32(width-1)
			binary.LittleEndian.PutUint32(out[21:], sides)
		case "VP8X":
			out[24], out[25], out[26] = byte(width-1), byte((width-1)>>8), byte((width-1)>>16)
			out[27], out[28], out[29] = byte(height-1), byte((height-1)>>8), byte((height-1)>>16)
		}
	}
	return out
}
