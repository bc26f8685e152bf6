package buffer

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// appendEvent appends e as encoding/json would read it back. It is written by hand because it stands on
// the path of every event: the library's encoder takes longer than the insert that follows.
func appendEvent(b []byte, e *activity.Event) []byte {
	b = append(b, '{')
	b = appendText(b, `"type":`, string(e.Kind))
	b = appendText(b, `,"key":`, e.Key)
	b = appendText(b, `,"computerUid":`, e.ComputerUID)
	b = appendText(b, `,"userSid":`, e.UserSID)
	b = appendTime(b, `,"at":`, e.At)
	if !e.End.IsZero() {
		b = appendTime(b, `,"end":`, e.End)
	}
	b = appendCount(b, `,"durationSeconds":`, e.Duration)
	b = appendSome(b, `,"title":`, e.Title)
	b = appendSome(b, `,"processName":`, e.Process)
	b = appendSome(b, `,"url":`, e.URL)
	if e.Private {
		b = append(b, `,"private":true`...)
	}
	b = appendSome(b, `,"sessionType":`, e.Session)
	b = appendSome(b, `,"filePath":`, e.FilePath)
	b = appendCount(b, `,"fileSize":`, e.FileSize)
	b = appendSome(b, `,"sha256":`, e.SHA256)
	b = appendCount(b, `,"width":`, int64(e.Width))
	b = appendCount(b, `,"height":`, int64(e.Height))
	if len(e.Details) > 0 {
		b = append(b, `,"details":`...)
		b = appendDetails(b, e.Details)
	}
	b = appendSome(b, `,"source":`, e.Source)
	b = appendSome(b, `,"aside":`, e.Aside)
	// The trace stays last: the uplink finds it there without reading the rest.
	b = appendSome(b, `,"trace":`, e.Trace)
	return append(b, '}')
}

// appendDetails appends a map in the order of its names, so that the same event gives the same payload.
func appendDetails(b []byte, details map[string]string) []byte {
	before := byte('{')
	for _, name := range slices.Sorted(maps.Keys(details)) {
		b = appendText(append(b, before), "", name)
		b = appendText(b, ":", details[name])
		before = ','
	}
	return append(b, '}')
}

func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(append(b, name...), '"')
	return append(t.UTC().AppendFormat(b, time.RFC3339Nano), '"')
}

func appendCount(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendSome(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendText(b, name, s)
}

func appendText(b []byte, name, s string) []byte {
	b = append(append(b, name...), '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = appendEscaped(append(b, s[from:i]...), c)
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// appendEscaped appends what JSON does not take as it is; c above ASCII is a byte of broken UTF-8.
func appendEscaped(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case c >= utf8.RuneSelf:
		return append(b, "\uFFFD"...)
	case c == '"' || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, '\\', 'n')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
