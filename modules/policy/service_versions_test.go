package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// A checksum is what anybody gets who follows RFC 8785: these were made by other implementations.
func TestChecksumsAreOfCanonicalJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`:                                        `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
	} {
		if got, err := canonical.JSON(json.RawMessage(text)); string(got) != want || err != nil {
			t.Errorf("%s\ngives %s, %v\nwant  %s", text, got, err, want)
		}
	}
	p := rule.Policy{
		ActiveWindows: true, Screenshots: true, ScreenshotSeconds: 60, Hours: &rule.Hours{Zone: "Asia/Tashkent", Days: []int{5, 1}, From: "09:00", To: "18:00"},
		Exclude: rule.Exclusions{Titles: []string{"Oʻchirilgan"}, Sites: []string{"My.Bank.uz", "a.uz", "A.UZ"}},
		Groups:  []rule.Group{{ID: 7, Name: "Ish", Type: rule.Website, Category: rule.Productive, Values: []string{"b.uz", "a.uz"}}},
	}
	text, sum, err := textOf(tidy(p))
	const want = `{"activeWindows":true,"exclude":{"applications":[],"privateWindows":false,"sites":["a.uz","my.bank.uz"],"titles":["Oʻchirilgan"]},` +
		`"groups":[{"category":"productive","id":7,"name":"Ish","type":"WEBSITE","values":["a.uz","b.uz"]}],"hours":{"days":[1,5],"from":"09:00","to":"18:00","zone":"Asia/Tashkent"},` +
		`"screenshotAll":false,"screenshotGrayscale":false,"screenshotSeconds":60,"screenshots":true,"visitedSites":false}`
	if string(text) != want || err != nil {
		t.Errorf("the content is %s, %v\nwant %s", text, err, want)
	}
	if sum != goldenSum {
		t.Errorf("the checksum is %s, want %s", sum, goldenSum)
	}
}

// goldenSum is sha256sum's of the content in the test above.
const goldenSum = "a3270342b1047e0abb32a6f220879a1d6c9ff98738a5cc336c26195590e459ed"

// Random edits, rollbacks and changes of groups: versions never change, the way back has the old checksum, and a diff makes
// of the one content the other.
func TestVersionsHoldWhateverIsDone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(3) {
			history(t, d, seed)
			if t.Failed() {
				t.Fatalf("with seed %d", seed)
			}
			d = nextOf(t, d)
		}
	})
}

// nextOf is a fresh database of the same kind.
func nextOf(t *testing.T, d *db.DB) *db.DB {
	t.Helper()
	if d.Engine().Name == db.SQLite {
		return dbtest.SQLite(t)
	}
	return dbtest.Postgres(t)
}

func history(t *testing.T, d *db.DB, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 23))
	o := newOffice(t, d)
	o.gateways(t, 1, 2)
	var groups []int64
	for i := range 3 {
		g, err := o.createGroup(hr(), 0, groupInput{Name: fmt.Sprint("group ", i), Type: rule.Website, Values: []string{"a.uz"}})
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g.ID)
	}
	p := o.mustCreate(t, randomInput(r, groups))
	seen := map[int64]versionRow{}
	for range 25 {
		before := o.row(t, p.ID)
		switch r.IntN(4) {
		case 0:
			to := 1 + r.Int64N(before.Latest)
			if _, err := o.rollBack(hr(), p.ID, before.Revision, to, stage{Percent: 1 + r.Int64N(100)}); err != nil {
				t.Fatal(err)
			}
			if was, is := o.mustVersion(t, p.ID, to), o.mustVersion(t, p.ID, 0); was.Checksum != is.Checksum || is.number() != before.Latest+1 {
				t.Fatalf("rolled back to %s, got %s", was.Checksum, is.Checksum)
			}
		case 1:
			if err := o.changeValues(hr(), groups[r.IntN(3)], []string{fmt.Sprintf("s%d.uz", r.IntN(50))}, []string{"a.uz"}); err != nil {
				t.Fatal(err)
			}
		default:
			o.mustUpdate(t, p.ID, randomInput(r, groups))
		}
		check(t, o, p.ID, seen)
	}
}

// check compares all versions with what they were, and each with the one before.
func check(t *testing.T, o *office, policyID int64, seen map[int64]versionRow) {
	t.Helper()
	for n := int64(1); n <= o.row(t, policyID).Latest; n++ {
		v := o.mustVersion(t, policyID, n)
		if was, known := seen[n]; known && (was.ID != v.ID || was.Checksum != v.Checksum || !sameJSON(t, was.Content, v.Content)) {
			t.Errorf("version %d was %s and is %s", n, was.Content, v.Content)
		}
		seen[n] = v
		content, err := v.content()
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := canonical.Sum(content); sum != v.Checksum || err != nil {
			t.Errorf("the checksum of version %d is %s, not %s: %v", n, v.Checksum, sum, err)
		}
		if n == 1 {
			continue
		}
		patch, changes, err := o.compared(hr(), policyID, n-1, n)
		if err != nil {
			t.Fatal(err)
		}
		if got := apply(t, seen[n-1].Content, patch); !sameJSON(t, got, v.Content) {
			t.Errorf("%s\nmakes of %s\n%s\nwant %s", patch, seen[n-1].Content, got, v.Content)
		}
		if differs := seen[n-1].Checksum != v.Checksum; differs != (len(changes) > 0) || differs != (string(patch) != "[]") {
			t.Errorf("%d changes, patch %s, checksums differ %v", len(changes), patch, differs)
		}
	}
}

func randomInput(r *rand.Rand, groups []int64) input {
	some := func(list ...string) (chosen []string) {
		for _, s := range list {
			if r.IntN(2) == 0 {
				chosen = append(chosen, s)
			}
		}
		return chosen
	}
	return wanted("Ofis", func(in *input) {
		in.ActiveWindows, in.Screenshots, in.ScreenshotGrayscale = ptr(r.IntN(2) == 0), ptr(r.IntN(2) == 0), r.IntN(2) == 0
		in.ScreenshotSeconds, in.Percent = r.Int64N(3)*30, 1+r.Int64N(100)
		in.Exclude = rule.Exclusions{Titles: some("parol", "bank", "shifo"), Sites: some("a.uz", "b.uz", "c.uz"), PrivateWindows: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			in.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1 + r.IntN(7)}, From: "09:00", To: "18:00"}
		}
		for _, g := range groups {
			if r.IntN(2) == 0 {
				in.Groups = append(in.Groups, choice{g, []string{rule.Productive, rule.Neutral}[r.IntN(2)]})
			}
		}
	})
}

func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	x, err := canonical.JSON(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := canonical.JSON(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

// apply carries out a JSON Patch, as far as RFC 6902 goes here: add, remove, replace.
func apply(t *testing.T, text, patch json.RawMessage) json.RawMessage {
	t.Helper()
	var doc any
	var ops []struct {
		Op, Path string
		Value    any
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(patch, &ops); err != nil {
		t.Fatal(err)
	}
	for _, o := range ops {
		if !slices.Contains([]string{"add", "remove", "replace"}, o.Op) {
			t.Fatalf("an operation %q", o.Op)
		}
		doc = patched(t, doc, strings.Split(o.Path, "/")[1:], o.Op, o.Value)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func patched(t *testing.T, doc any, path []string, op string, value any) any {
	t.Helper()
	if len(path) == 0 {
		return value
	}
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(path[0])
	last := len(path) == 1
	switch at := doc.(type) {
	case map[string]any:
		if last && op == "remove" {
			delete(at, name)
			return at
		}
		at[name] = patched(t, at[name], path[1:], op, value)
		return at
	case []any:
		i, err := strconv.Atoi(name)
		if name == "-" {
			i = len(at)
		} else if err != nil {
			t.Fatal(err)
		}
		switch {
		case last && op == "remove":
			return slices.Delete(at, i, i+1)
		case last && op == "add":
			return slices.Insert(at, i, value)
		}
		at[i] = patched(t, at[i], path[1:], op, value)
		return at
	}
	t.Fatalf("nothing at %v", path)
	return nil
}

func TestTheDatabaseKeepsVersionsAsTheyWere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		p := o.mustCreate(t, wanted("Ofis"))
		for _, ctx := range []context.Context{hr(), everybody()} {
			for _, query := range []string{"UPDATE policy_versions SET checksum = 'x'", "UPDATE policy_changes SET changed_by = 'x'"} {
				err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
					_, err := tx.Raw(query).Exec(ctx)
					return err
				})
				if err == nil {
					t.Errorf("%s passes", query)
				}
			}
		}
		if v := o.mustVersion(t, p.ID, 1); v.Checksum == "x" {
			t.Error("a version has changed")
		}
	})
}

func TestADiffNamesWhatChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	group := func(name string, values ...string) int64 {
		g, err := o.createGroup(hr(), 0, groupInput{Name: name, Type: rule.Website, Values: values})
		if err != nil {
			t.Fatal(err)
		}
		return g.ID
	}
	chat, work := group("Chat", "t.me", "wa.me"), group("Work", "my.gov.uz")
	p := o.mustCreate(t, wanted("Ofis", func(in *input) {
		in.Exclude = rule.Exclusions{Sites: []string{"a.uz", "b.uz"}}
		in.Groups = []choice{{chat, rule.Unproductive}}
	}))
	o.mustUpdate(t, p.ID, wanted("Ofis", every(90), func(in *input) {
		in.Exclude = rule.Exclusions{Sites: []string{"b.uz", "c.uz"}, PrivateWindows: true}
		in.Groups = []choice{{chat, rule.Neutral}, {work, rule.Productive}}
		in.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1, 2}, From: "09:00", To: "18:00"}
	}))
	if err := o.changeValues(hr(), chat, []string{"vk.com"}, []string{"wa.me"}); err != nil {
		t.Fatal(err)
	}
	_, changes, err := o.compared(hr(), p.ID, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(changes)
	want := `[{"field":"screenshotSeconds","from":60,"to":90},{"field":"hours","to":"[1 2] 09:00-18:00 Asia/Tashkent"},` +
		`{"field":"exclude.sites","added":["c.uz"],"removed":["a.uz"]},{"field":"exclude.privateWindows","from":false,"to":true},` +
		`{"field":"groups","added":["Work"]},{"field":"groups.Chat.category","from":"unproductive","to":"neutral"},` +
		`{"field":"groups.Chat.values","added":["vk.com"],"removed":["wa.me"]}]`
	if string(text) != want || err != nil {
		t.Errorf("%s, %v\nwant %s", text, err, want)
	}
	if back := changesOf(contentAt(t, o, p.ID, 2), contentAt(t, o, p.ID, 1)); !slices.ContainsFunc(back, func(c fieldChange) bool { return slices.Equal(c.Removed, []string{"Work"}) }) {
		t.Errorf("the way back is %+v", back)
	}
}

func contentAt(t *testing.T, o *office, policyID, number int64) rule.Policy {
	t.Helper()
	c, err := o.mustVersion(t, policyID, number).content()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
