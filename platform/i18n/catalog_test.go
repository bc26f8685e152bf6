package i18n_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/i18n"
)

const internal = `{"internal": {"uz": "Xatolik", "ru": "Ошибка", "en": "Error"}}`

const visitors = `{
	"visitors.code_expired": {
		"uz": "Kod muddati tugagan: {{.ExpiredAt}}",
		"ru": "Срок действия кода истёк: {{.ExpiredAt}}",
		"en": "The code expired at {{.ExpiredAt}}."},
	"visitors.waiting": {
		"uz": "{{.Count}} mehmon kutmoqda",
		"ru": {"one": "Ждёт {{.Count}} гость", "few": "Ждут {{.Count}} гостя", "many": "Ждут {{.Count}} гостей", "other": "Ждут {{.Count}} гостя"},
		"en": {"one": "One visitor waits", "other": "{{.Count}} visitors wait"}},
	"value": {"uz": "{{.V}}", "ru": "{{.V}}", "en": "{{.V}}"}
}`

func newCatalog(t *testing.T) *i18n.Catalog {
	t.Helper()
	c, err := i18n.New("uz", []byte(internal), []byte(visitors))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTextsAreInTheAskedLanguageAndZone(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	at := time.Date(2026, 3, 9, 20, 5, 59, 0, time.UTC)
	tashkent := time.FixedZone("Asia/Tashkent", 5*3600)
	p := fault.Params{"ExpiredAt": at}
	for lang, want := range map[string]string{
		"uz":      "Kod muddati tugagan: 10.03.2026 01:05",
		"ru":      "Срок действия кода истёк: 10.03.2026 01:05",
		"en":      "The code expired at 10 Mar 2026 01:05.",
		"uz-Cyrl": "Код муддати тугаган: 10.03.2026 01:05",
		"de":      "Kod muddati tugagan: 10.03.2026 01:05",
		"":        "Kod muddati tugagan: 10.03.2026 01:05",
	} {
		if got := c.TextIn(tashkent, lang, "visitors.code_expired", p); got != want {
			t.Errorf("%q: got %q, want %q", lang, got, want)
		}
	}
	if got := c.Text("en", "visitors.code_expired", p); got != "The code expired at 9 Mar 2026 20:05 UTC." {
		t.Errorf("without a zone: %q", got)
	}
	if got := c.Text("ru", "visitors.code_expired", nil); got != "Срок действия кода истёк: —" {
		t.Errorf("without the parameter: %q", got)
	}
}

func TestRussianCountsInItsOwnForms(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	for count, want := range map[any]string{
		1: "Ждёт 1 гость", 21: "Ждёт 21 гость", 2: "Ждут 2 гостя", int64(24): "Ждут 24 гостя", 5: "Ждут 5 гостей", 0: "Ждут 0 гостей",
		uint16(11): "Ждут 11 гостей", 1000000: "Ждут 1\u00a0000\u00a0000 гостей", 1.5: "Ждут 1,5 гостя", "many": "Ждут many гостя",
	} {
		if got := c.Text("ru", "visitors.waiting", fault.Params{"Count": count}); got != want {
			t.Errorf("%v: got %q, want %q", count, got, want)
		}
	}
	if got := c.Text("en", "visitors.waiting", fault.Params{"Count": 1}); got != "One visitor waits" {
		t.Error(got)
	}
	if got := c.Text("uz", "visitors.waiting", fault.Params{"Count": 1}); got != "1 mehmon kutmoqda" {
		t.Error(got)
	}
	if got := c.Text("uz-Cyrl", "visitors.waiting", fault.Params{"Count": 21}); got != "21 меҳмон кутмоқда" {
		t.Error(got)
	}
}

func TestAnUnknownCodeReadsAsInternal(t *testing.T) {
	t.Parallel()
	if got := newCatalog(t).Text("ru", "no.such", fault.Params{"Count": 1}); got != "Ошибка" {
		t.Error(got)
	}
	c, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Text("en", "no.such", nil); got != "internal" {
		t.Errorf("without any text: %q", got)
	}
}

type gate int

func (gate) String() string { return "Gate" }

func TestParametersAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	text, five := "x", 5
	var none *int
	tests := []struct {
		v          any
		uz, ru, en string
	}{
		{0, "0", "0", "0"},
		{999, "999", "999", "999"},
		{1234, "1 234", "1 234", "1,234"},
		{-1234567, "-1 234 567", "-1 234 567", "-1,234,567"},
		{uint8(7), "7", "7", "7"},
		{int64(math.MinInt64), "-9 223 372 036 854 775 808", "-9 223 372 036 854 775 808", "-9,223,372,036,854,775,808"},
		{1234.5, "1 234,5", "1 234,5", "1,234.5"},
		{-0.25, "-0,25", "-0,25", "-0.25"},
		{true, "ha", "да", "yes"},
		{false, "yoʻq", "нет", "no"},
		{"as it is 1000", "as it is 1000", "as it is 1000", "as it is 1000"},
		{[]string{"a", "b"}, "a, b", "a, b", "a, b"},
		{gate(3), "Gate", "Gate", "Gate"},
		{nil, "—", "—", "—"},
		{none, "—", "—", "—"},
		{&five, "5", "5", "5"},
		{&text, "x", "x", "x"},
		{struct{ A int }{1}, "{1}", "{1}", "{1}"},
		{config.Bytes(16 << 20), "16 MiB", "16 МиБ", "16 MiB"},
		{config.Bytes(1e9), "1 GB", "1 ГБ", "1 GB"},
		{config.Bytes(1_555_555), "1,6 MB", "1,6 МБ", "1.6 MB"},
		{config.Bytes(-5_432_100_001), "-5,4 GB", "-5,4 ГБ", "-5.4 GB"},
		{config.Bytes(math.MaxInt64), "9 223 372,0 TB", "9 223 372,0 ТБ", "9,223,372.0 TB"},
		{config.Bytes(12), "12 B", "12 Б", "12 B"},
		{config.Bytes(0), "0 B", "0 Б", "0 B"},
		{time.Duration(0), "0 soniya", "0 с", "0 s"},
		{250 * time.Millisecond, "250 ms", "250 мс", "250 ms"},
		{90 * time.Second, "1 daqiqa 30 soniya", "1 мин 30 с", "1 min 30 s"},
		{2*time.Hour + 59*time.Second, "2 soat", "2 ч", "2 h"},
		{50 * time.Hour, "2 kun 2 soat", "2 дн. 2 ч", "2 d 2 h"},
		{-5 * time.Minute, "-5 daqiqa", "-5 мин", "-5 min"},
	}
	for _, tt := range tests {
		for lang, want := range map[string]string{"uz": tt.uz, "ru": tt.ru, "en": tt.en} {
			got := strings.ReplaceAll(c.Text(lang, "value", fault.Params{"V": tt.v}), "\u00a0", " ")
			if got != want {
				t.Errorf("%s: %v: got %q, want %q", lang, tt.v, got, want)
			}
		}
	}
}

func TestMatchPrefersThePersonThenTheBrowser(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	tests := []struct{ user, accept, want string }{
		{"ru", "en", "ru"}, {"", "en", "en"}, {"de", "en", "en"}, {"", "", "uz"}, {"", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
		{"", "de,en;q=0.5", "en"}, {"", "en-GB", "en"}, {"", "uz-Cyrl-UZ", "uz-Cyrl"}, {"", "uz-Cyrl,ru;q=0.5", "uz-Cyrl"}, {"", "uz-UZ", "uz"},
		{"uz-Cyrl", "ru", "uz-Cyrl"}, {"", "en;q=0.1, ru;q=0.9", "ru"}, {"", "ja", "uz"},
		{"", "*", "uz"}, {"", "\xff;;q=x", "uz"},
	}
	for _, tt := range tests {
		if got := c.Match(tt.user, tt.accept); got != tt.want {
			t.Errorf("%q, %q: got %s, want %s", tt.user, tt.accept, got, tt.want)
		}
	}
}

func TestCheckFindsEveryGap(t *testing.T) {
	t.Parallel()
	c, err := i18n.New("ru", []byte(`{
		"a": {"uz": "x", "ru": ""},
		"b": {"uz": "{{.A}}", "ru": "{{.A}} {{.B}}", "en": "{{.A}}"},
		"c": {"uz": "{{.Count}}", "ru": {"one": "{{.Count}}", "other": "{{.Count}}"}, "en": {"one": "One", "other": "{{.Count}}"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `text a is missing in ru
text a is missing in en
text b names {A} in en, {A, B} in ru
text c in ru lacks the plural forms few, many`
	if got := c.Check(); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
	if got := c.Codes(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("codes %v", got)
	}
	if err := newCatalog(t).Check(); err != nil {
		t.Error(err)
	}
	// What Check has not stopped must still not reach a person half.
	if got := c.Text("en", "a", nil); !reflect.DeepEqual(got, "internal") {
		t.Errorf("a missing text reads %q", got)
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		`[`:                                  "texts: ",
		`{"internal": {"uz": "twice"}}`:      "text internal stands in two files",
		`{"a": {"de": "x"}}`:                 `text a: no language "de"`,
		`{"a": {"uz": "{{.A"}}`:              "text a in uz: ",
		`{"a": {"uz": "{{if .A}}x{{end}}"}}`: "is not of the form {{.Name}}",
		`{"a": {"uz": "{{.A | html}}"}}`:     "is not of the form {{.Name}}",
		`{"a": {"uz": {"two": "x"}}}`:        "texts: ",
		`{"a": {"uz": 5}}`:                   "texts: ",
	} {
		if _, err := i18n.New("uz", []byte(internal), []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
	}
	if _, err := i18n.New("de"); err == nil {
		t.Error("a default language without texts was taken")
	}
}
