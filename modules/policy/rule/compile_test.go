package rule_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
)

// release makes version 1 of a policy.
func release(t testing.TB, id int64, p rule.Policy) rule.Released {
	t.Helper()
	r, err := rule.Release(id, "1", p, false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compiled(t testing.TB, b rule.Bundle) *rule.Compiled {
	t.Helper()
	c, err := rule.Compile(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rules are those of a policy.
func rules(t testing.TB, p rule.Policy) rule.Rules {
	t.Helper()
	return compiled(t, rule.Bundle{Policies: []rule.Released{release(t, 1, p)}, DefaultID: 1}).Of("", "")
}

// except is Everything but for what is excluded.
func except(x rule.Exclusions) rule.Policy {
	p := rule.Everything()
	p.Exclude = x
	return p
}

func TestTheNearestPolicyCounts(t *testing.T) {
	t.Parallel()
	var b rule.Bundle
	for id := int64(1); id <= 3; id++ {
		b.Policies = append(b.Policies, release(t, id, rule.Everything()))
	}
	b.Users, b.Computers = map[string]int64{"S-1": 1, "S-0": 0}, map[string]int64{"PC-1": 2}
	for _, standard := range []int64{0, 3} {
		b.DefaultID = standard
		c := compiled(t, b)
		for _, who := range []struct {
			uid, sid string
			want     int64
		}{{"PC-1", "S-1", 1}, {"PC-1", "S-2", 2}, {"PC-1", "", 2}, {"PC-2", "S-1", 1}, {"PC-2", "S-2", standard}, {"", "", standard}, {"PC-1", "S-0", 0},
			{" PC-1\x00", " S-2", 2}, {"PC-2", "S-1\x00 ", 1}} { // as the server knows them
			if got := c.Of(who.uid, who.sid).Released().ID; got != who.want {
				t.Errorf("%s at %s has policy %d, want %d", who.sid, who.uid, got, who.want)
			}
		}
	}
}

func TestWhereNobodyHasDecidedAllIsKept(t *testing.T) {
	t.Parallel()
	r := compiled(t, rule.Bundle{}).Of("PC-1", "S-1")
	for _, k := range activity.Kinds {
		if ok, why := r.Keeps(&activity.Event{Kind: k, Title: "Incognito", Private: true}); !ok {
			t.Errorf("%s is not kept: %s", k, why)
		}
	}
	got := r.Released()
	sum, err := rule.Everything().Checksum()
	if err != nil || got.Checksum != sum || got.Version != "0" || got.ID != 0 {
		t.Errorf("released as %+v (%v)", got, err)
	}
}

func TestABundleThatIsNotWhatItSaysIsRefused(t *testing.T) {
	t.Parallel()
	good := release(t, 1, rule.Everything())
	forged := good
	forged.Content.Screenshots = false
	upper := good
	upper.Checksum = strings.ToUpper(good.Checksum)
	impossible := rule.Everything()
	impossible.Hours = &rule.Hours{Zone: "Asia/Nowhere", Days: []int{1}, From: "09:00", To: "18:00"}
	for name, b := range map[string]rule.Bundle{
		"forged":        {Policies: []rule.Released{forged}},
		"another case":  {Policies: []rule.Released{upper}},
		"not checked":   {Policies: []rule.Released{{ID: 1, Content: rule.Everything()}}},
		"twice":         {Policies: []rule.Released{good, good}},
		"of nobody":     {Policies: []rule.Released{release(t, 0, rule.Everything())}},
		"no default":    {DefaultID: 1},
		"no user's":     {Users: map[string]int64{"S-1": 1}},
		"no computer's": {Computers: map[string]int64{"PC-1": 7}, Policies: []rule.Released{good}},
		"impossible":    {Policies: []rule.Released{release(t, 1, impossible)}},
	} {
		_, err := rule.Compile(b)
		if err == nil {
			t.Errorf("%s: taken", name)
		}
		if !errors.Is(err, rule.ErrChecksum) && !errors.Is(err, rule.ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
		if sums := name == "forged" || name == "another case" || name == "not checked"; errors.Is(err, rule.ErrChecksum) != sums {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A newer server may say more than this gateway knows. It is no reason to refuse a policy, and agents, which may be
// newer, too, get all of it.
func TestWhatIsReadIsWrittenAsItWas(t *testing.T) {
	t.Parallel()
	content := json.RawMessage(`{"activeWindows":true,"visitedSites":false,"keystrokes":{"never":1.50},"exclude":{"titles":["x"]}}`)
	sum, err := canonical.Sum(content)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"policies": []any{map[string]any{"id": 4, "version": "2", "checksum": sum, "requiresRestart": true, "content": content}}, "defaultId": 4})
	if err != nil {
		t.Fatal(err)
	}
	var b rule.Bundle
	for range 2 { // as from the server, and as from the disk
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		if text, err = json.MarshalIndent(b, "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	r := compiled(t, b).Of("PC-1", "S-1")
	got, err := r.Released().Text()
	if again, _ := canonical.Sum(got); err != nil || again != sum || !strings.Contains(string(got), "keystrokes") {
		t.Errorf("the content became %s (%v)", got, err)
	}
	if !r.Released().RequiresRestart || r.Released().Version != "2" {
		t.Errorf("released as %+v", r.Released())
	}
	if ok, why := r.Keeps(&activity.Event{Kind: activity.ActiveWindow, Title: "X"}); ok || why != rule.WhyTitle {
		t.Errorf("kept: %v %s", ok, why)
	}
	for _, broken := range []string{`{"policies":[{"content":7}]}`, `{"policies":[7]}`, `{"policies":[{}]}`} {
		if err := json.Unmarshal([]byte(broken), &b); err == nil {
			t.Errorf("%s is read", broken)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	r, err := rule.New(release(t, 5, rule.Policy{}))
	if err != nil {
		t.Fatal(err)
	}
	if ok, why := r.Keeps(&activity.Event{Kind: activity.ActiveWindow}); ok || why != rule.WhyKind {
		t.Errorf("kept %v, %s", ok, why)
	}
	if r, err := rule.New(rule.Released{ID: 5}); r != nil || !errors.Is(err, rule.ErrChecksum) {
		t.Errorf("without a checksum: %v, %v", r, err)
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	c := compiled(t, rule.Bundle{Policies: []rule.Released{release(t, 5, rule.Everything())}})
	if r, ok := c.Policy(5); !ok || r.ID != 5 {
		t.Errorf("policy 5 is %+v, %v", r, ok)
	}
	if _, ok := c.Policy(6); ok {
		t.Error("there is a policy 6")
	}
}
