package screenshots

import (
	"errors"
	"image"
	"io"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/picture"
)

// inspect says what the bytes are, before anything is decoded.
func (c *Config) inspect(data []byte) (picture.Picture, error) {
	p, err := picture.Inspect(data, picture.Limits{Pixels: c.MaxPixels, Memory: int64(c.DecodeMemory)})
	if errors.Is(err, picture.ErrTooLarge) {
		return p, errTooManyPixels.With("Width", p.Width).With("Height", p.Height)
	}
	return p, unreadable(err)
}

// decoded is the picture's pixels.
func decoded(p picture.Picture, now func() time.Time) (image.Image, error) {
	img, err := p.Decoded(now)
	return img, unreadable(err)
}

func unreadable(err error) error {
	if errors.Is(err, picture.ErrUnreadable) {
		return errUnreadable.Wrap(err)
	}
	return err
}

// slow counts how often a picture took too long.
type slow struct {
	mu    sync.Mutex
	tries map[activity.ScreenshotID]int
}

const (
	slowTries = 3
	maxSlow   = 1000 // pictures that are counted at one time
)

// again reports whether the picture may come again: at first it may be the host that was slow.
func (s *slow) again(at activity.ScreenshotID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries) >= maxSlow {
		clear(s.tries)
	}
	s.tries[at]++
	if s.tries[at] < slowTries {
		return true
	}
	delete(s.tries, at)
	return false
}

// readAll reads what is at most max bytes. Each part of it is reserved first.
func readAll(r io.Reader, max config.Bytes, reserve func(more int64) bool) ([]byte, error) {
	var held int64
	buf := []byte{}
	for {
		if len(buf) == cap(buf) {
			room := min(2*held+64<<10, int64(max)+1)
			if !reserve(room) { // the old ones live until they are copied
				return nil, errBusy
			}
			buf = append(make([]byte, 0, room), buf...)
			reserve(-held)
			held = room
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > int64(max):
			return nil, errTooLarge.With("Limit", max)
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		}
	}
}
