package i18n

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

// space joins the groups of a number and a number to its unit, without a line break between.
const space = "\u00a0"

const nothing = "—"

// locale is how a language writes numbers, times and units.
type locale struct {
	group, point string
	time         string
	yes, no      string
	durations    map[string]string
	bytes        map[string]string
}

var cyrillicBytes = map[string]string{
	"B": "Б", "KB": "КБ", "MB": "МБ", "GB": "ГБ", "TB": "ТБ", "KiB": "КиБ", "MiB": "МиБ", "GiB": "ГиБ", "TiB": "ТиБ",
}

var locales = map[string]locale{
	"uz": {
		group: space, point: ",", time: "02.01.2006 15:04", yes: "ha", no: "yoʻq",
		durations: map[string]string{"d": "kun", "h": "soat", "min": "daqiqa", "s": "soniya", "ms": "ms"},
	},
	Cyrillic: {
		group: space, point: ",", time: "02.01.2006 15:04", yes: "ҳа", no: "йўқ",
		durations: map[string]string{"d": "кун", "h": "соат", "min": "дақиқа", "s": "сония", "ms": "мс"},
		bytes:     cyrillicBytes,
	},
	"ru": {
		group: space, point: ",", time: "02.01.2006 15:04", yes: "да", no: "нет",
		durations: map[string]string{"d": "дн.", "h": "ч", "min": "мин", "s": "с", "ms": "мс"},
		bytes:     cyrillicBytes,
	},
	"en": {group: ",", point: ".", time: "2 Jan 2006 15:04", yes: "yes", no: "no"},
}

// format writes a parameter in a language. A number is grouped, so an id has to come as a text.
func format(zone *time.Location, lang string, v any) string {
	l := locales[lang]
	switch v := v.(type) {
	case nil:
		return nothing
	case string:
		return v
	case bool:
		if v {
			return l.yes
		}
		return l.no
	case time.Time:
		return l.instant(zone, v)
	case time.Duration:
		return l.duration(v)
	case config.Bytes:
		return l.size(v)
	case fmt.Stringer:
		return fmt.Sprint(v) // not v.String(): fmt outlives a nil pointer's
	case []string:
		return strings.Join(v, ", ")
	}
	return l.other(zone, lang, v)
}

func (l locale) other(zone *time.Location, lang string, v any) string {
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.Pointer && r.IsNil():
		return nothing
	case r.Kind() == reflect.Pointer:
		return format(zone, lang, r.Elem().Interface())
	case r.CanInt():
		return l.number(strconv.FormatInt(r.Int(), 10))
	case r.CanUint():
		return l.number(strconv.FormatUint(r.Uint(), 10))
	case r.CanFloat():
		return l.number(strconv.FormatFloat(r.Float(), 'f', -1, 64))
	}
	return fmt.Sprint(v)
}

// number groups the digits of a plain decimal number.
func (l locale) number(plain string) string {
	whole, fraction, broken := strings.Cut(plain, ".")
	digits := strings.TrimPrefix(whole, "-")
	var b strings.Builder
	b.WriteString(whole[:len(whole)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteRune(d)
	}
	if broken {
		b.WriteString(l.point + fraction)
	}
	return b.String()
}

// instant writes a time to the minute. A time in UTC says so, since nobody here lives by it.
func (l locale) instant(zone *time.Location, t time.Time) string {
	if zone != nil {
		t = t.In(zone)
	}
	if t.Location() == time.UTC {
		return t.Format(l.time + " UTC")
	}
	return t.Format(l.time)
}

// duration writes the two largest units.
func (l locale) duration(d time.Duration) string {
	if d < 0 {
		return "-" + l.duration(max(-d, 0))
	}
	if 0 < d && d < time.Second {
		return l.unit(d.Milliseconds(), "ms")
	}
	steps := []struct {
		unit string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, step := range steps {
		if d < step.size {
			continue
		}
		s := l.unit(int64(d/step.size), step.unit)
		if i+1 < len(steps) {
			if rest := d % step.size / steps[i+1].size; rest > 0 {
				s += " " + l.unit(int64(rest), steps[i+1].unit)
			}
		}
		return s
	}
	return l.unit(0, "s")
}

func (l locale) unit(n int64, unit string) string {
	if own, ok := l.durations[unit]; ok {
		unit = own
	}
	return l.number(strconv.FormatInt(n, 10)) + space + unit
}

// size writes a round size exactly, another in the largest unit with one digit after the point.
func (l locale) size(b config.Bytes) string {
	n, unit := b.Exact()
	plain := strconv.FormatInt(n, 10)
	if n >= 1000 || n <= -1000 {
		power := min(int(math.Log10(math.Abs(float64(b))))/3, 4)
		unit = []string{"B", "KB", "MB", "GB", "TB"}[power]
		plain = strconv.FormatFloat(float64(b)/math.Pow10(3*power), 'f', 1, 64)
	}
	if own, ok := l.bytes[unit]; ok {
		unit = own
	}
	return l.number(plain) + space + unit
}
