package hosts

import (
	"strings"
	"testing"
)

func TestTheHostIsWhereTheBrowserGoes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://my.bank.uz/login?x=1#y":                 "my.bank.uz",
		"HTTPS://My.Bank.UZ":                             "my.bank.uz",
		"https://bank.uz.:8443/":                         "bank.uz",
		"https://bank.uz@evil.example/":                  "evil.example",
		"https://user:p%40ss@bank.uz:443/":               "bank.uz",
		"https://a@b@bank.uz":                            "bank.uz",
		`https://evil.example\@bank.uz/`:                 "evil.example",
		"https://evil.example/bank.uz":                   "evil.example",
		"https://evil.example?u=https://bank.uz":         "evil.example",
		"https://evil.example#@bank.uz":                  "evil.example",
		"https:bank.uz/x":                                "bank.uz",
		`https:\\bank.uz\x`:                              "bank.uz",
		"  ht\ttps://bank\n.uz/ ":                        "bank.uz",
		"my.bank.uz/login":                               "my.bank.uz",
		"bank.uz:8443/x":                                 "bank.uz",
		"localhost:3000":                                 "localhost",
		"//bank.uz/x":                                    "bank.uz",
		"https://b%61nk.uz":                              "bank.uz",
		"https://банк.рф/счёт":                           "xn--80ab2al.xn--p1ai",
		"https://БАНК。РФ":                                "xn--80ab2al.xn--p1ai",
		"https://XN--80AB2AL.xn--p1ai":                   "xn--80ab2al.xn--p1ai",
		"https://ｂａｎｋ.uz":                                "bank.uz",
		"https://[::1]:8443/":                            "::1",
		"https://[2001:DB8:0::1]/":                       "2001:db8::1",
		"https://10.0.0.1:80/":                           "10.0.0.1",
		"view-source:https://bank.uz/":                   "bank.uz",
		"blob:https://bank.uz/0192":                      "bank.uz",
		"about:reader?url=https%3A%2F%2Fbank.uz%2Fa%3Fb": "bank.uz",
		"chrome-extension://abc/x.html":                  "abc",
		"about:blank":                                    "",
		"file:///C:/bank.uz":                             "",
		"mailto:a@bank.uz":                               "",
		"data:text/html,bank.uz":                         "",
		"":                                               "",
		"https://":                                       "",
	} {
		if got := Of(address); got != want {
			t.Errorf("%q goes to %q, want %q", address, got, want)
		}
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"bank.uz", "localhost", "10.0.0.1", "::1", "xn--80ab2al.xn--p1ai", "a_b.uz"} {
		if !Valid(Normal(host)) {
			t.Errorf("%q is refused", host)
		}
	}
	for _, host := range []string{"", "bank..uz", ".uz", "bank uz", "https://bank.uz", "bank.uz/x", "*.bank.uz", "1::2::3", strings.Repeat("a.", 130) + "uz", strings.Repeat("a", 64)} {
		if Valid(Normal(host)) {
			t.Errorf("%q is taken", host)
		}
	}
}

func TestAHostIsFoundWithoutMemory(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Of("https://my.bank.uz:8443/login?next=%2Fx") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzOf(f *testing.F) {
	for _, seed := range []string{"https://bank.uz", "a:b@c:d/e", "[::1", "about:reader?url=%", "https://xn--a", "ſ.uz", "https://%25"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		host := Of(address)
		if strings.HasSuffix(host, ".") || host != strings.ToLower(host) {
			t.Errorf("%q goes to %q", address, host)
		}
		if Valid(host) && !strings.Contains(host, ":") {
			for _, like := range []string{"https://" + host + "/x", "http://" + strings.ToUpper(host) + ".:1?" + host, "https://evil.example@" + host} {
				if got := Of(like); got != host {
					t.Errorf("%q goes to %q, want %q", like, got, host)
				}
			}
		}
	})
}
