package rule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

func TestKindsThatAreSwitchedOffAreNotKept(t *testing.T) {
	t.Parallel()
	const windows, sites, shots, sessions, idle = activity.ActiveWindow, activity.VisitedSite, activity.Screenshot, activity.UserSession, activity.IdlePeriod
	for _, c := range []struct {
		policy rule.Policy
		kept   string
	}{
		{rule.Policy{}, ""},
		{rule.Policy{ActiveWindows: true}, fmt.Sprint(windows, sessions, idle)},
		{rule.Policy{VisitedSites: true}, fmt.Sprint(sites, sessions, idle)},
		{rule.Policy{Screenshots: true}, fmt.Sprint(shots, sessions, idle)},
		{rule.Everything(), fmt.Sprint(windows, sites, shots, sessions, idle)},
	} {
		r, kept := rules(t, c.policy), ""
		for _, k := range activity.Kinds {
			ok, why := r.Keeps(&activity.Event{Kind: k})
			if ok {
				kept += string(k)
			} else if why != rule.WhyKind {
				t.Errorf("%s is left out since %s", k, why)
			}
		}
		if kept != c.kept {
			t.Errorf("%+v keeps %s, want %s", c.policy, kept, c.kept)
		}
		for _, k := range []activity.Kind{activity.Computer, activity.ComputerUser, activity.AgentState} {
			if ok, _ := r.Keeps(&activity.Event{Kind: k}); !ok {
				t.Errorf("%s is not kept", k)
			}
		}
	}
}

func TestExclusions(t *testing.T) {
	t.Parallel()
	r := rules(t, except(rule.Exclusions{
		Titles:         []string{"Sberbank", "Шифокор", "Oʻzbekiston havo", "C++"},
		Sites:          []string{"bank.uz", "Банк.рф.", "10.0.0.1", "intranet"},
		Applications:   []string{"Telegram.exe", "signal", "Мессенджер"},
		PrivateWindows: true,
	}))
	window := func(title string) activity.Event {
		return activity.Event{Kind: activity.ActiveWindow, Title: title, Process: "chrome.exe"}
	}
	site := func(url string) activity.Event { return activity.Event{Kind: activity.VisitedSite, URL: url} }
	run := func(process string) activity.Event {
		return activity.Event{Kind: activity.ActiveWindow, Process: process}
	}
	for _, c := range []struct {
		e   activity.Event
		why string
	}{
		{window("My SBERBANK – Chrome"), rule.WhyTitle},
		{window("ШИФОКОР қабули"), rule.WhyTitle},
		{window("O'ZBEKISTON  HAVO yoʻllari"), rule.WhyTitle},
		{window("c++ reference"), rule.WhyTitle},
		{window("CC reference"), ""},
		{window("Sber bank"), ""},
		{activity.Event{Kind: activity.IdlePeriod, Title: "sberbank"}, rule.WhyTitle},
		{activity.Event{Kind: activity.Screenshot, FilePath: `C:\shots\Sberbank.png`}, rule.WhyTitle},
		{activity.Event{Kind: activity.Screenshot, FilePath: strings.Repeat("x", activity.MaxPath-4) + "sberbank"}, rule.WhyTitle},
		{activity.Event{Kind: activity.Screenshot, FilePath: "sberbank" + strings.Repeat("x", 9*activity.MaxPath)}, rule.WhyTitle},
		{activity.Event{Kind: activity.Screenshot, FilePath: strings.Repeat("x", 9*activity.MaxPath) + "sberbank"}, ""}, // of which nothing is kept
		{activity.Event{Kind: activity.VisitedSite, Title: "Sberbank", URL: "https://kun.uz"}, rule.WhyTitle},
		{site("https://bank.uz/x"), rule.WhySite},
		{site("https://MY.Bank.UZ.:8443/x"), rule.WhySite},
		{site("https://user:pw@bank.uz"), rule.WhySite},
		{site("https://bank.uz@kun.uz"), ""},
		{site("https://kun.uz/bank.uz"), ""},
		{site("https://notbank.uz"), ""},
		{site("https://bank.uz.example"), ""},
		{site("https://uz"), ""},
		{site("https://онлайн.банк.рф"), rule.WhySite},
		{site("https://xn--80ab2al.xn--p1ai/"), rule.WhySite},
		{site("http://10.0.0.1:8080"), rule.WhySite},
		{site("http://110.0.0.1"), ""},
		{site("http://intranet/x"), rule.WhySite},
		{activity.Event{Kind: activity.ActiveWindow, Title: "x", URL: "https://bank.uz"}, rule.WhySite},
		{window("https://my.bank.uz/login — Chrome"), rule.WhySite},
		{window("MY.BANK.UZ/login?next=1 — Chrome"), rule.WhySite},
		{window("онлайн.БАНК.рф - Chrome"), rule.WhySite},
		{window("notbank.uz; bank.uzb; a..b; .uz"), ""},
		{window("intranet"), ""},
		{run("telegram.EXE"), rule.WhyApplication},
		{run("Telegram"), rule.WhyApplication},
		{run(`C:\Program Files\Telegram\Telegram.exe`), rule.WhyApplication},
		{run("/usr/bin/signal"), rule.WhyApplication},
		{run("Signal.app"), rule.WhyApplication},
		{run("МЕССЕНДЖЕР.exe"), rule.WhyApplication},
		{run("Tele\x00gram.exe\x00"), rule.WhyApplication}, // as it would be kept
		{site("https://ba\x00nk.uz/"), rule.WhySite},
		{window("my.bank\x00.uz"), rule.WhySite},
		{run("telegrammer.exe"), ""},
		{run(".exe"), ""},
		{activity.Event{Kind: activity.ActiveWindow, Title: "x", Private: true}, rule.WhyPrivate},
		{window("Kun.uz - Google Chrome (Incognito)"), rule.WhyPrivate},
		{window("Новости - Google Chrome (Инкогнито)"), rule.WhyPrivate},
		{window("Kun.uz and 1 more page - [InPrivate] - Microsoft\u200b Edge"), rule.WhyPrivate},
		{window("Kun.uz — Mozilla Firefox Private Browsing"), rule.WhyPrivate},
		{window("Kun.uz — Приватный просмотр Mozilla Firefox"), rule.WhyPrivate},
		{window("Kun.uz — Mozilla Firefox Maxfiy ko‘rish"), rule.WhyPrivate},
		{window("Kun.uz - Google Chrome"), ""},
		{activity.Event{Kind: activity.Screenshot, Title: "Sberbank"}, rule.WhyTitle},
		{activity.Event{Kind: activity.Screenshot, Process: "Telegram.exe"}, rule.WhyApplication},
		{activity.Event{Kind: activity.Screenshot}, ""},
		{activity.Event{Kind: activity.Computer, Title: "Sberbank"}, ""},
	} {
		e := c.e
		if ok, why := r.Keeps(&e); why != c.why || ok != (c.why == "") {
			t.Errorf("%+v: kept %v, why %q, want %q", c.e, ok, why, c.why)
		}
	}
}

func TestWithoutSitesNoAddressIsLeft(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		p := rule.Everything()
		p.VisitedSites = on
		e := activity.Event{Kind: activity.ActiveWindow, Title: "x", URL: "https://kun.uz/"}
		if ok, why := rules(t, p).Keeps(&e); !ok || e.Title != "x" || (e.URL != "") != on {
			t.Errorf("sites %v: %v %s, left is %+v", on, ok, why, e)
		}
	}
}

func TestPrivateWindowsAreKeptWhereNobodyMinds(t *testing.T) {
	t.Parallel()
	r := rules(t, except(rule.Exclusions{}))
	if ok, why := r.Keeps(&activity.Event{Kind: activity.ActiveWindow, Title: "Incognito", Private: true}); !ok {
		t.Errorf("left out: %s", why)
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	p := rule.Everything()
	p.ScreenshotSeconds, p.ScreenshotGrayscale = 300, true
	p.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1}, From: "09:00", To: "18:00"}
	r := rules(t, p)
	at := tashkent(t, "2026-11-23 12:00") // Monday
	if got, want := r.Pictures(at), (rule.Screenshots{Enabled: true, Grayscale: true, Interval: 5 * time.Minute}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if r.Pictures(at.Add(7 * time.Hour)).Enabled {
		t.Error("pictured in the evening")
	}
	p.Screenshots = false
	if rules(t, p).Pictures(at).Enabled {
		t.Error("pictured although it is switched off")
	}
}

// What is excluded besides can only take away from what is kept.
func TestMoreExclusionsKeepLess(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var x rule.Exclusions
		events := make([]activity.Event, 40)
		for i := range events {
			events[i] = randomEvent(rng)
		}
		before := make([]bool, len(events))
		for i := range before {
			before[i] = true
		}
		for range 6 {
			grow(rng, &x)
			r := rules(t, except(x))
			for i, e := range events {
				ok, _ := r.Keeps(&e)
				if ok && !before[i] {
					t.Fatalf("%+v is kept again by %+v", e, x)
				}
				before[i] = ok
			}
		}
	}
}

var syllables = [...]string{"bank", "mail", "oʻz", "Қа", "кун", ".", "my", "-", " ", "1"}

func randomText(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(5) {
		b.WriteString(syllables[rng.IntN(len(syllables))])
	}
	return b.String()
}

func randomHost(rng *rand.Rand) string {
	names := [...]string{"bank", "mail", "my", "кун", "uz"}
	host := names[rng.IntN(len(names))]
	for range rng.IntN(3) {
		host += "." + names[rng.IntN(len(names))]
	}
	return host
}

func randomEvent(rng *rand.Rand) activity.Event {
	return activity.Event{
		Kind: activity.Kinds[rng.IntN(len(activity.Kinds))], Title: randomText(rng), Process: randomText(rng), URL: "https://" + randomHost(rng), Private: rng.IntN(4) == 0,
	}
}

func grow(rng *rand.Rand, x *rule.Exclusions) {
	switch text := "x" + randomText(rng); rng.IntN(4) {
	case 0:
		x.Titles = append(x.Titles, text[rng.IntN(2):])
	case 1:
		x.Sites = append(x.Sites, randomHost(rng))
	case 2:
		x.Applications = append(x.Applications, text)
	default:
		x.PrivateWindows = true
	}
	if len(x.Titles) > 0 && strings.TrimSpace(x.Titles[len(x.Titles)-1]) == "" {
		x.Titles = x.Titles[:len(x.Titles)-1]
	}
}

// many excludes 200 of each.
func many() rule.Exclusions {
	x := rule.Exclusions{PrivateWindows: true}
	for i := range 200 {
		x.Titles = append(x.Titles, fmt.Sprintf("Махфий hujjat %d", i))
		x.Sites = append(x.Sites, fmt.Sprintf("bank%d.uz", i))
		x.Applications = append(x.Applications, fmt.Sprintf("app%d.exe", i))
	}
	return x
}

func busy(t testing.TB) (rule.Rules, []activity.Event) {
	p := except(many())
	p.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "18:00"}
	at := tashkent(t, "2026-11-23 12:00").UTC()
	return rules(t, p), []activity.Event{
		{Kind: activity.ActiveWindow, At: at, Duration: 120, Title: "Ҳисобот 2026 – O‘zbekiston.xlsx - Excel", Process: "EXCEL.EXE"},
		{Kind: activity.VisitedSite, At: at, Duration: 30, Title: "Kun.uz – Oxirgi yangiliklar", URL: "https://www.kun.uz/news/2026/11/23/a?b=c", Process: "chrome.exe"},
	}
}

func TestJudgingTakesNoMemory(t *testing.T) {
	r, events := busy(t)
	n := testing.AllocsPerRun(100, func() {
		for i := range events {
			if ok, why := r.Keeps(&events[i]); !ok {
				t.Error(why)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKeeps(b *testing.B) {
	r, events := busy(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Keeps(&events[i%len(events)])
	}
}

// Whatever comes, an excluded site is not kept under any of the ways to write it, nor an excluded title in any text.
func FuzzKeeps(f *testing.F) {
	f.Add("https://bank.uz", "title", "chrome.exe", int64(1795413432), int64(60))
	f.Add("a:b@c:d/e", "Sberbank \xff", `C:\Telegram.exe`, int64(-1<<40), int64(-1))
	p := except(rule.Exclusions{Titles: []string{"Sberbank"}, Sites: []string{"bank.uz"}, Applications: []string{"telegram"}, PrivateWindows: true})
	p.Hours = &rule.Hours{Zone: "Europe/Berlin", Days: []int{1, 2, 3, 4, 5, 6, 7}, From: "20:00", To: "19:00"}
	r := rules(f, p)
	f.Fuzz(func(t *testing.T, url, title, process string, at, seconds int64) {
		e := activity.Event{Kind: activity.ActiveWindow, URL: url, Title: title, Process: process, At: time.Unix(at%(1<<38), 0).UTC(), Duration: seconds}
		was := e
		ok, why := r.Keeps(&e)
		switch {
		case ok && why != "", !ok && why == "":
			t.Errorf("kept %v, why %q", ok, why)
		case ok && (e.At.Before(was.At) || e.Duration > was.Duration):
			t.Errorf("%v for %d became %v for %d", was.At, was.Duration, e.At, e.Duration)
		case ok && strings.Contains(strings.ToLower(title+"\x00"+url), "://bank.uz/") && !strings.ContainsAny(title, "\x00"):
			if strings.HasPrefix(strings.ToLower(url), "https://bank.uz/") {
				t.Errorf("%q is kept", url)
			}
		}
		if again := e; ok {
			if ok, why := r.Keeps(&again); !ok || again.At != e.At || again.Duration != e.Duration {
				t.Errorf("%+v became %+v by another look: %s", e, again, why)
			}
		}
		for _, like := range []string{"https://x." + "bank.uz:1/" + url, "bank.uz/" + title} {
			if ok, _ := r.Keeps(&activity.Event{Kind: activity.VisitedSite, URL: like}); ok {
				t.Errorf("%q is kept", like)
			}
		}
		if ok, _ := r.Keeps(&activity.Event{Kind: activity.ActiveWindow, Title: title + " SBERBANK " + title}); ok {
			t.Errorf("a title after %q is kept", title)
		}
	})
}
