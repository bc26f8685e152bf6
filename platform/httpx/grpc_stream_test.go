package httpx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

// A message has its time from its first byte on, the pause before it a longer one, and where the server stops it has none.
func TestMessagesAndPausesHaveTheirTime(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var set []time.Duration
	m := &messages{
		src: io.NopCloser(iotest.OneByteReader(bytes.NewReader([]byte("\x00\x00\x00\x00\x01a\x00\x00\x00\x00\x00")))), limit: 9, message: time.Second, between: true,
		clock: func() time.Time { return now }, set: func(at time.Time) { set = append(set, at.Sub(now)) },
	}
	one := make([]byte, 1)
	for i := range 11 {
		if i == 8 {
			m.stop() // within the second message: it may end
		}
		if n, err := m.Read(one); n != 1 || err != nil {
			t.Fatalf("byte %d: %d %v", i, n, err)
		}
	}
	if want := []time.Duration{time.Second, quietStream, time.Second, quietStream, 0}; !slices.Equal(set, want) {
		t.Errorf("deadlines are %v, want %v", set, want)
	}
	if _, err := m.Read(one); !errors.Is(err, errStopping) {
		t.Errorf("after the end: %v", err)
	}
}

// FuzzMessages gives the body of a stream any bytes, in any pieces: they pass as they are, up to a message that is too
// long, and between two messages it knows that it is there.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01c"), uint8(3))
	f.Add([]byte("\x00\xff\xff\xff\xff"), uint8(1))
	f.Add([]byte("\x00\x00"), uint8(9))
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		const limit = 100
		deadlines := 0
		m := &messages{
			src: io.NopCloser(iotest.HalfReader(bytes.NewReader(body))), limit: limit, message: time.Second, between: true,
			clock: func() time.Time { return time.Unix(0, 0) }, set: func(time.Time) { deadlines++ },
		}
		var got bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{m}, make([]byte, int(piece)+1))
		want, whole, tooLong := parse(body, limit)
		switch {
		case tooLong != errors.Is(err, errTooLarge), !tooLong && err != nil:
			t.Fatalf("%v", err)
		case !bytes.Equal(got.Bytes(), want):
			t.Fatalf("read %q of %q", got.Bytes(), want)
		case m.between != whole:
			t.Fatalf("between two messages: %v", m.between)
		}
		if len(body) > 0 && deadlines == 0 {
			t.Fatal("nothing has to be in time")
		}
	})
}

// parse returns what may be read of a stream, and whether its last message is whole, or one is too long.
func parse(body []byte, limit int) (may []byte, whole, tooLong bool) {
	at := 0
	for at < len(body) {
		if len(body)-at < headSize {
			return body, false, false
		}
		n := int64(binary.BigEndian.Uint32(body[at+1:]))
		at += headSize
		if n > int64(limit) {
			return body[:at], false, true
		}
		if n > int64(len(body)-at) {
			return body, false, false
		}
		at += int(n)
	}
	return body, true, false
}
