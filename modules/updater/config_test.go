package updater

import (
	"strings"
	"testing"
	"time"
)

func TestSettingsOutOfBoundsAreNamed(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	c.Keys = []string{newSigner(t).public.String()}
	c.Window = "22-4"
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c = Config{Channel: "a b", ConfirmAfter: time.Minute, HealthTimeout: time.Minute, Window: "1-2-3", Keys: []string{"RWx"}}
	err := c.Validate()
	for _, key := range []string{"interval", "channel", "health_timeout", "timeout", "window", "keys"} {
		if err == nil || !strings.Contains(err.Error(), key+": must") {
			t.Errorf("%s is not named: %v", key, err)
		}
	}
}

func TestHoursOfADay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "111111111111111111111111", "01-05": "011110000000000000000000", "22-4": "111100000000000000000011", "0-24": "111111111111111111111111",
	} {
		w, err := parseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for hour := range 24 {
			got += map[bool]string{true: "1", false: "0"}[w.open(time.Date(2026, 1, 2, hour, 30, 0, 0, time.UTC))]
		}
		if got != want {
			t.Errorf("%q is open at %s", text, got)
		}
	}
	for _, text := range []string{"5", "a-b", "01-25", "-1-3", "01-05 ", "1:00-2:00"} {
		if w, err := parseWindow(text); err == nil {
			t.Errorf("%q is read as %v", text, w)
		}
	}
}

func TestFlagsOfTheSettingsArePassedOn(t *testing.T) {
	t.Parallel()
	args := strings.Fields("--config x.yml gateway update --set a=b --from-file f -role=gateway --data /d --signature s --set")
	if got := strings.Join(settings(args), " "); got != "--config x.yml --set a=b -role=gateway --data /d --set" {
		t.Errorf("passed on: %s", got)
	}
}

func TestVersionsThatMayFollow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		running, offered, least string
		same, refused           bool
	}{
		{running: "2.0.0", offered: "2.0.1"},
		{running: "v2.0.0", offered: "2.0.0", same: true},
		{running: "2.0.0-rc.1", offered: "2.0.0"},
		{running: "2.0.0", offered: "2.0.0-rc.2", refused: true},
		{running: "2.10.0", offered: "2.9.0", refused: true},
		{running: "dev", offered: "0.1.0"},
		{running: "2.0.0-5-gabcdef", offered: "2.0.0"},
		{running: "2.0.0", offered: "3.0.0", least: "2.5.0", refused: true},
		{running: "2.5.0", offered: "3.0.0", least: "2.5.0"},
	} {
		same, err := compare(test.running, test.offered, test.least)
		if same != test.same || (err != nil) != test.refused {
			t.Errorf("%+v: %t, %v", test, same, err)
		}
	}
	for text, want := range map[string]bool{"2.1.0": true, "2.1.0-rc.1": true, "v2.1.0": false, "2.1": false, "2.1.0/..": false, "": false, "2.1.0+x": false} {
		if known(text) != want {
			t.Errorf("%q is a version: %t", text, !want)
		}
	}
}
