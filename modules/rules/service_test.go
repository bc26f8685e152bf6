package rules

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

func TestRulesAreFetchedAndKept(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if ok, _ := p.keeps(t, "Bank"); !ok {
		t.Error("before there ever were rules something is left out")
	}
	p.cloud.gives(t, except(t, "1", "bank"))
	changed := p.Changed()
	p.refresh(t)
	select {
	case <-changed:
	default:
		t.Error("nobody is told of the change")
	}
	if ok, _ := p.keeps(t, "Bank"); ok {
		t.Error("an excluded title is kept")
	}
	changed = p.Changed()
	p.refresh(t)
	select {
	case <-changed:
		t.Error("the same rules count as others")
	default:
	}
	asked := p.cloud.requests()
	if want := "GET /v2/gateway/policies/gw-1 "; len(asked) != 2 || asked[0] != want || asked[1] != want+`"`+p.inForce.Load().book.sum+`"` {
		t.Errorf("the server was asked %q", asked)
	}
	p.cloud.Close() // also without the cloud, after a restart
	p.restart(t)
	if ok, _ := p.keeps(t, "Bank"); ok {
		t.Error("after a restart an excluded title is kept")
	}
	if err := p.Refresh(t.Context(), 0, "", ""); !errors.Is(err, errUnfetched) {
		t.Errorf("without the cloud: %v", err)
	}
	if len(p.alerts.raised) > 0 {
		t.Errorf("alerts %v", p.alerts.reasons())
	}
}

func TestWhatIsNotAsReleasedIsRefused(t *testing.T) {
	t.Parallel()
	good := except(t, "2", "bank")
	for name, c := range map[string]struct {
		change func(*cloud)
		want   error
		alarm  string
	}{
		"content":      {func(c *cloud) { c.body = bytes.Replace(c.body, []byte(`"bank"`), []byte(`"shop"`), 1) }, rule.ErrChecksum, "checksum"},
		"bundle":       {func(c *cloud) { c.tag = `"` + strings.Repeat("0", 64) + `"` }, rule.ErrChecksum, "checksum"},
		"cut short":    {func(c *cloud) { c.body = c.body[:len(c.body)/2]; c.tag = "x" }, rule.ErrBundle, "bundle"},
		"another type": {func(c *cloud) { c.body = []byte(`[7]`) }, rule.ErrBundle, "bundle"},
		"no body":      {func(c *cloud) { c.body = nil; c.tag = "x" }, rule.ErrBundle, "bundle"},
		"not ours": {func(c *cloud) {
			c.body = bytes.Replace(c.body, []byte(`"organizationId":7`), []byte(`"organizationId":8`), 1)
		}, rule.ErrBundle, "bundle"},
		"no default": {func(c *cloud) { c.body = bytes.Replace(c.body, []byte(`"defaultId":1`), []byte(`"defaultId":9`), 1) }, rule.ErrBundle, "bundle"},
		"down":       {func(c *cloud) { c.status = http.StatusInternalServerError }, errUnfetched, ""},
		"not there":  {func(c *cloud) { c.status = http.StatusNotFound }, errUnfetched, ""},
		"no answer":  {func(c *cloud) { c.status = http.StatusNotModified; c.body = nil }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.cloud.gives(t, except(t, "1", "mail"))
			p.refresh(t)
			p.cloud.gives(t, good)
			p.cloud.change(c.change)
			for range 2 { // an alert is raised once
				if err := p.Refresh(t.Context(), 0, "", ""); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			}
			mail, _ := p.keeps(t, "mail")
			bank, _ := p.keeps(t, "bank")
			if mail || !bank {
				t.Errorf("the rules before are not in force: mail is kept %v, bank %v", mail, bank)
			}
			if got := fmt.Sprint(p.alerts.reasons()); got != fmt.Sprint(slices.DeleteFunc([]string{c.alarm}, func(s string) bool { return s == "" })) {
				t.Errorf("alerts %s", got)
			}
			p.restart(t)
			if mail, lost := p.keeps(t, "mail"); mail || lost {
				t.Error("after a restart the rules before are not in force")
			}
		})
	}
}

func TestACommandWantsItsVersion(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	two := except(t, "2", "bank")
	p.cloud.gives(t, two)
	sum := two.Policies[0].Checksum
	for _, c := range []struct {
		id                int64
		version, checksum string
		want              error
	}{
		{1, "2", sum, nil}, {1, "1", "whatever it was", nil}, {1, "3", sum, rule.ErrVersion}, {4, "1", sum, rule.ErrVersion},
		{1, "x", sum, rule.ErrVersion}, {1, "2", "another", rule.ErrChecksum}, {0, "", "", nil},
	} {
		if err := p.Refresh(t.Context(), c.id, c.version, c.checksum); !errors.Is(err, c.want) {
			t.Errorf("policy %d version %s: %v, want %v", c.id, c.version, err, c.want)
		}
	}
	if ok, _ := p.keeps(t, "bank"); ok {
		t.Error("the rules that came are not in force")
	}
	if got := fmt.Sprint(p.alerts.reasons()); got != "[checksum]" {
		t.Errorf("alerts %s", got)
	}
	// Of the same version another content: nothing of the bundle comes into force.
	q := newPlace(t)
	q.cloud.gives(t, two)
	if err := q.Refresh(t.Context(), 1, "2", "another"); !errors.Is(err, rule.ErrChecksum) {
		t.Errorf("got %v", err)
	}
	if ok, _ := q.keeps(t, "bank"); !ok {
		t.Error("rules with a wrong checksum are in force")
	}
}

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	flip := func(text []byte) []byte { return bytes.Replace(text, []byte("bank"), []byte("bonk"), 1) }
	users := func(text []byte) []byte { return bytes.Replace(text, []byte("S-9"), []byte("S-8"), 1) }
	half := func(text []byte) []byte { return text[:len(text)/2] }
	empty := func([]byte) []byte { return nil }
	for name, damage := range map[string]func([]byte) []byte{"flipped": flip, "users": users, "half": half, "empty": empty, "removed": nil} {
		for which, files := range [][]string{{"rules.json"}, {"rules.copy.json"}, {"rules.json", "rules.copy.json"}} {
			t.Run(fmt.Sprint(name, which), func(t *testing.T) {
				t.Parallel()
				p := newPlace(t)
				b := except(t, "1", "bank")
				b.Users = map[string]int64{"S-9": 0}
				p.cloud.gives(t, b)
				p.refresh(t)
				for _, f := range files {
					spoil(t, filepath.Join(p.data, f), damage)
				}
				p.restart(t)
				bank, lost := p.keeps(t, "bank")
				all := len(files) == 2
				switch {
				case name == "removed" && all: // as if there never were any
					if lost || !bank {
						t.Errorf("kept %v, lost %v", bank, lost)
					}
				case lost != all || bank:
					t.Errorf("kept %v, lost %v", bank, lost)
				}
				if got, want := len(p.alerts.raised) > 0, name != "removed"; got != want {
					t.Errorf("an alert was raised: %v", got)
				}
				p.refresh(t) // which mends both
				p.restart(t)
				if bank, lost := p.keeps(t, "bank"); bank || lost || len(p.alerts.raised) > 0 {
					t.Errorf("after they were fetched: kept %v, lost %v, alerts %v", bank, lost, p.alerts.reasons())
				}
			})
		}
	}
}

func spoil(t *testing.T, path string, damage func([]byte) []byte) {
	t.Helper()
	if damage == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, damage(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Where the disk takes nothing the rules are in force all the same, and the command has failed until they are kept.
func TestRulesAreInForceBeforeTheyAreOnTheDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.shelf = newShelf(filepath.Join(p.data, "away"))
	p.cloud.gives(t, except(t, "1", "bank"))
	for range 2 {
		if err := p.Refresh(t.Context(), 0, "", ""); err == nil {
			t.Error("kept on a disk that is not there")
		}
		if ok, _ := p.keeps(t, "bank"); ok {
			t.Error("an excluded title is kept")
		}
	}
	p.shelf = newShelf(p.data)
	p.refresh(t)
	p.restart(t)
	if ok, _ := p.keeps(t, "bank"); ok {
		t.Error("the rules have not reached the disk")
	}
}

// While rules change, who asks sees those before or those after, and each Changed is told.
func TestRulesChangeWhileTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.cloud.gives(t, except(t, "1", "bank"))
	p.refresh(t)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				changed := p.Changed()
				r, err := p.Of(t.Context(), "PC-1", "S-1")
				if err != nil {
					t.Error(err)
					return
				}
				if ok, _ := r.Keeps(&activity.Event{Kind: activity.ActiveWindow, Title: "Bank"}); ok {
					t.Error("an excluded title is kept")
					return
				}
				select {
				case <-changed:
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for version := range 20 {
		p.cloud.gives(t, except(t, fmt.Sprint(version+2), "bank"))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { p.refresh(t) })
		}
		both.Wait()
	}
	close(stop)
	all.Wait()
}

func TestAnAlertThatCannotBeKeptIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.cloud.gives(t, except(t, "1", "bank"))
	p.cloud.change(func(c *cloud) { c.tag = "x" })
	p.alerts.err = errors.New("full")
	for range 2 {
		if err := p.Refresh(t.Context(), 0, "", ""); !errors.Is(err, rule.ErrChecksum) {
			t.Errorf("got %v", err)
		}
		p.alerts.err = nil
	}
	if got := fmt.Sprint(p.alerts.reasons()); got != "[checksum]" {
		t.Errorf("alerts %s", got)
	}
}
