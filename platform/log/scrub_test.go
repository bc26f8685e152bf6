package log_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/log"
)

func TestScrubText(t *testing.T) {
	t.Parallel()
	const (
		card = "****-****-****-****"
		mail = "***@***.***"
	)
	for in, want := range map[string]string{
		// The design document's four.
		"password=hunter2 ok":                     "password=*** ok",
		"Password: hunter2":                       "Password=***",
		"api_key=abc api-key:abc apikey= a":       "api_key=*** api_key=*** api_key=***",
		"card 1234567812345678.":                  "card " + card + ".",
		"1234-5678-1234-5678 1234 5678 1234 5678": card + " " + card,
		"mail ivan.petrov+x@mail.example.uz now":  "mail " + mail + " now",
		"a@b.|| stays, a@b.co goes":               "a@b.|| stays, " + mail + " goes",
		// Between Cyrillic letters, where \b of ASCII sees no words.
		"Пароль=тайна1 принят":                   "Пароль=*** принят",
		"пароль: тайна":                          "пароль=***",
		"карта1234567812345678года":              "карта" + card + "года",
		"Карта №1234 5678 1234 5678, владелец":   "Карта №" + card + ", владелец",
		"почта:ivan@example.com,тел":             "почта:" + mail + ",тел",
		"иван.петров@почта.рф":                   mail,
		"Foydalanuvchi oʻtkir@mail.uz topilmadi": "Foydalanuvchi " + mail + " topilmadi",
		"тел.+998901234567ишонч":                 "тел.+998*********ишонч",
		"ПИНФЛ 31234567890123 Иванов":            "ПИНФЛ ************** Иванов",
		"паспорт АА1234567 выдан":                "паспорт **-******* выдан",
		"паспорт:AA1234567,AB 7654321":           "паспорт:**-*******,**-*******",
		// Quoted, in JSON, in Go's quotes, in URLs and in headers.
		`{"password":"a b","user":1}`:                    `{"password=***,"user":1}`,
		`body "{\"password\":\"a b\",\"u\":1}"`:          `body "{\"password=***,\"u\":1}"`,
		`password="a \" b" next`:                         `password=*** next`,
		"secret='a b' next":                              "secret=*** next",
		"client_secret=x accessToken=y refresh_token:z":  "client_secret=*** accessToken=*** refresh_token=***",
		"dial postgres://app:p@ss/w@db:5432/x: refused":  "dial postgres://***:***@db:5432/x: refused",
		"GET https://token@host/a":                       "GET https://***:***@host/a",
		"GET https://host/a?key=abc":                     "GET https://host/aapi_key=***",
		"Authorization: Bearer abc.def next":             "Authorization: *** next",
		"Cookie: sid=1":                                  "Cookie: ***",
		"sent bearer abcdefgh12345== to":                 "sent bearer *** to",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end":  "[jwt] end",
		"key sgw_AbCdEfGh-12345678 and sk_live_12345678": "key [key] and [key]",
		// Phones as people write them.
		"+998 90 123-45-67": "+998*********", "998901234567": "+998*********", "+998(90)123 45 67": "+998*********",
		"+79161234567":           "+***",
		"pinfl_31234567890123_x": "pinfl_**************_x",
	} {
		if got := log.ScrubText(in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestWhatOnlyLooksLikeAPersonStays(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "listening on :3003", "01981234-5678-7123-8123-123456789012", "4bf92f3577b34da6a3ce929d0e0e4736", "2026-11-22T23:52:00.123456Z",
		"12345678 rows in 1234 ms", "sha256 ab1234567", "a@b", "users @ 12", "POST http://127.0.0.1:3001/v2/ingest/logs: 503",
		"monkey=banana", "1763855512345678901", "staff_uplink_items_total", "passed: 3", "+05:00",
	} {
		if got := log.ScrubText(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	const value = "Qodirov"
	removed := strings.Fields(`password Password user_password passwordHash token accessToken refresh-token token.value tokens APIKey apiKey
		api_key key keys name Name full_name fullName names visitorName phone phone_number mobile email eMail emails email_address pinfl PINFL
		jshshir passport passportNumber card card_number cardNo title window_title windowTitle url URL pageURL urls authorization
		X-Api-Key Cookie set_cookie secret client_secret login username query address credentials address process_name computerName`)
	kept := strings.Fields(`hostname host_name token_count tokenCount key_id keyId monkey keyboard tokenizer titles_total password_changed
		module_name jobName error role org_id actor trace_id server_url listen_address names_count url_length idempotency_key phone_count
		cardinality username_length renamed namespace emailed untitled user_id version event.name`)
	for want, names := range map[bool][]string{true: removed, false: kept} {
		for _, name := range names {
			var out strings.Builder
			log.New(&out, log.Config{}, false).LogAttrs(context.Background(), slog.LevelInfo, "x", slog.String(name, value))
			if got := !strings.Contains(out.String(), value); got != want {
				t.Errorf("%s: removed %v, want %v", name, got, want)
			}
		}
	}
}

func TestNumbersOfPeopleGoCountsStay(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log.New(&out, log.Config{}, false).Info("x", "pinfl", 31234567890123, "phone", uint64(998901234567), "keys", 12, "any", map[string]int64{"pinfl": 31234567890123, "names": 4})
	if got := out.String(); strings.Contains(got, "123456") || !strings.Contains(got, `"keys":12`) || !strings.Contains(got, `"names":4`) {
		t.Error(got)
	}
}

func BenchmarkScrubText(b *testing.B) {
	for name, s := range map[string]string{
		"plain": "batch sent", "id": "4bf92f3577b34da6a3ce929d0e0e4736", "error": "dial tcp 127.0.0.1:3001: connect: connection refused",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				log.ScrubText(s)
			}
		})
	}
}
