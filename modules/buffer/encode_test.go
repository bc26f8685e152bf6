package buffer

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// What our encoder writes, encoding/json reads as the event that encoding/json itself would have read back.
func TestAnEncodedEventReadsBackAsItself(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		e := randomEvent(r)
		if got, want := reads(t, appendEvent(nil, &e)), reads(t, library(t, e)); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v reads back as %+v", want, got)
		}
	}
}

func TestOddTextsReadBackAsJSONHasThem(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "plain", `a"b\c`, "tab\tline\nreturn\r\x00\x1f\x7f", "Oʻzbekcha · Русский", "emoji 🙂", "\u2028\u2029<&>",
		"broken \xff\xfe end", "cut \xd0", "\xed\xa0\x80", "\uFFFD", `","trace":"x`,
	} {
		e := activity.Event{Kind: activity.ActiveWindow, Title: s, URL: s, Trace: s}
		if got, want := reads(t, appendEvent(nil, &e)), reads(t, library(t, e)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q reads back as %q, want %q", s, got.Title, want.Title)
		}
	}
}

func TestEveryFieldIsEncoded(t *testing.T) {
	t.Parallel()
	e := wholeEvent()
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test's event has no %s", v.Type().Field(i).Name)
		}
	}
	if got := reads(t, appendEvent(nil, &e)); !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v, want %+v", got, e)
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add("a\"b\\c\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		e := activity.Event{Kind: activity.VisitedSite, URL: s}
		if got, want := reads(t, appendEvent(nil, &e)), reads(t, library(t, e)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q reads back as %q, want %q", s, got.URL, want.URL)
		}
	})
}

func BenchmarkAppendEvent(b *testing.B) {
	e := windowEvent(7)
	var buf []byte
	for b.Loop() {
		buf = appendEvent(buf[:0], &e)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkLibraryEncode(b *testing.B) {
	e := windowEvent(7)
	for b.Loop() {
		if _, err := json.Marshal(e); err != nil {
			b.Fatal(err)
		}
	}
}

// randomEvent fills about half of the fields, texts with bytes of every kind.
func randomEvent(r *rand.Rand) (e activity.Event) {
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		if r.IntN(2) == 0 {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(randomText(r))
		case reflect.Map:
			f.Set(reflect.ValueOf(map[string]string{"b": randomText(r), "a\n\"": randomText(r)}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()))
		case reflect.Int32:
			f.SetInt(int64(int32(r.Uint32())))
		case reflect.Bool:
			f.SetBool(true)
		default:
			f.SetInt(int64(r.Uint64()))
		}
	}
	return e
}

func randomText(r *rand.Rand) string {
	text := make([]byte, r.IntN(20))
	for i := range text {
		text[i] = byte(r.IntN(256))
	}
	return string(text)
}

func reads(t *testing.T, text []byte) (e activity.Event) {
	t.Helper()
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return e
}

func library(t *testing.T, e activity.Event) []byte {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
