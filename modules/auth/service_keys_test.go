package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/secret"
)

func newKey(t *testing.T, s *service, organization int64, kind string) (keyRow, string) {
	t.Helper()
	row, key, err := s.createKey(admin(), keyInput{OrganizationID: organization, Type: kind})
	if err != nil {
		t.Fatal(err)
	}
	return row, key
}

func TestKeysOpenTheirRoleInTheirOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		for kind, role := range map[string]actor.Role{"AGENT": actor.Agent, "HIKVISION": actor.Hikvision, "ADMIN": actor.Admin} {
			row, key := newKey(t, s, 2, kind)
			if want := "sk_" + strings.ToLower(kind) + "_"; !strings.HasPrefix(key, want) || len(key) != len(want)+43 || row.Prefix != key[:len(want)+4] {
				t.Errorf("key is %q, shown as %q", key, row.Prefix)
			}
			a, err := shown(s, key)
			if err != nil || a.Role != role || a.OrganizationID != 2 || a.UserID != 0 || a.ID != keyObject(row.ID) || a.CrossesOrganizations() {
				t.Errorf("actor is %+v, %v", a, err)
			}
			if n := counted(t, d, "SELECT count(*) FROM api_keys WHERE hash = ? OR hash LIKE ?", key, "%sk_%"); n != 0 {
				t.Error("the key itself is kept")
			}
		}
		row, key := newKey(t, s, 1, "AGENT")
		if err := s.revokeKey(admin(), row.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := shown(s, key); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Errorf("a revoked key: %v", err)
		}
		if err := s.revokeKey(admin(), row.ID); err != nil {
			t.Errorf("revoked again: %v", err)
		}
		_, key, err := s.createKey(admin(), keyInput{OrganizationID: 1, Type: "AGENT", ExpiresAt: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if keys, err := s.AgentKeys(keyOfOrganization(1)); err != nil || len(keys) != 1 || keys[0].Hash != secret.Hash(key) {
			t.Errorf("agents' keys in force are %+v, %v", keys, err)
		}
		clock.pass(time.Hour)
		if _, err := shown(s, key); !errors.Is(err, errKeyExpired) {
			t.Errorf("an expired key: %v", err)
		}
		if keys, err := s.AgentKeys(keyOfOrganization(1)); err != nil || len(keys) != 0 {
			t.Errorf("agents' keys after the expiry are %+v, %v", keys, err)
		}
		if _, err := shown(s, "sk_agent_unknown"); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Errorf("an unknown key: %v", err)
		}
	})
}

func TestAnotherOrganizationsKeysAreNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		row, key := newKey(t, s, 1, "AGENT")
		ctx := keyOfOrganization(2)
		if err := s.revokeKey(ctx, row.ID); !errors.Is(err, errKeyUnknown) {
			t.Errorf("revoke: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND object = 'key'"); n != 1 {
			t.Errorf("%d violations written down, want 1", n)
		}
		if _, err := s.ByHash(ctx, secret.Hash(key)); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Errorf("ByHash: %v", err)
		}
		if keys, err := s.AgentKeys(ctx); err != nil || len(keys) != 0 {
			t.Errorf("AgentKeys gives %v, %v", keys, err)
		}
		if rows, _, err := s.listKeys(ctx, 1, 0, 10); err != nil || len(rows) != 0 {
			t.Errorf("list is %v, %v", rows, err)
		}
		if _, _, err := s.createKey(ctx, keyInput{OrganizationID: 1, Type: "AGENT"}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("create: %v", err)
		}
		touch := func(ctx context.Context, tx db.Tx) error {
			return s.store.touchKeys(ctx, tx, []int64{row.ID}, noon, noon)
		}
		if err := d.Write(ctx, touch); err != nil || counted(t, d, "SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL") != 0 {
			t.Errorf("touch: %v", err)
		}
		for name, step := range map[string]func(context.Context, db.Tx) error{
			"key":       func(ctx context.Context, tx db.Tx) error { _, err := s.store.key(ctx, tx, row.ID); return err },
			"revokeKey": func(ctx context.Context, tx db.Tx) error { return s.store.revokeKey(ctx, tx, row.ID, noon) },
			"insertKey": func(ctx context.Context, tx db.Tx) error {
				c := row
				c.Hash = "x"
				return s.store.insertKey(ctx, tx, &c)
			},
		} {
			if err := d.Write(ctx, step); !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
	})
}

func TestUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		row, key := newKey(t, s, 1, "AGENT")
		used := func() time.Time {
			if _, err := shown(s, key); err != nil {
				t.Fatal(err)
			}
			if err := s.guard.flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			rows, _, err := s.listKeys(admin(), 1, row.ID-1, 1)
			if err != nil {
				t.Fatal(err)
			}
			return rows[0].LastUsedAt.UTC()
		}
		if got := used(); !got.Equal(noon) {
			t.Errorf("first use at %v", got)
		}
		clock.pass(59 * time.Second)
		if got := used(); !got.Equal(noon) {
			t.Errorf("59 seconds later it says %v", got)
		}
		clock.pass(time.Second)
		if got := used(); !got.Equal(noon.Add(time.Minute)) {
			t.Errorf("a minute later it says %v", got)
		}
	})
}

func TestKeysAreMadeByRules(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.SQLite(t))
	long := strings.Repeat("k", minKey)
	for name, c := range map[string]struct {
		in    keyInput
		field string
	}{
		"no type":              {keyInput{OrganizationID: 1}, "type"},
		"a person's role":      {keyInput{OrganizationID: 1, Type: "HR"}, "type"},
		"no organization":      {keyInput{Type: "AGENT"}, "organizationId"},
		"unknown organization": {keyInput{OrganizationID: 77, Type: "AGENT"}, "organizationId"},
		"short":                {keyInput{OrganizationID: 1, Type: "AGENT", Key: long[1:]}, "key"},
		"very long":            {keyInput{OrganizationID: 1, Type: "AGENT", Key: strings.Repeat("k", maxKey+1)}, "key"},
		"with a space":         {keyInput{OrganizationID: 1, Type: "AGENT", Key: long + " k"}, "key"},
		"a gateway's":          {keyInput{OrganizationID: 1, Type: "AGENT", Key: "sgw_" + long}, "key"},
		"like a token":         {keyInput{OrganizationID: 1, Type: "AGENT", Key: long + ".a.b"}, "key"},
		"expired":              {keyInput{OrganizationID: 1, Type: "AGENT", ExpiresAt: noon}, "expiresAt"},
		"long description":     {keyInput{OrganizationID: 1, Type: "AGENT", Description: strings.Repeat("x", 501)}, "description"},
	} {
		_, _, err := s.createKey(admin(), c.in)
		if details := fault.Of(err).Details; len(details) != 1 || details[0].Field != c.field {
			t.Errorf("%s: %v, want a refusal of %s", name, err, c.field)
		}
	}
	in := keyInput{Type: "AGENT", Key: long}
	if row, key, err := s.createKey(keyOfOrganization(2), in); err != nil || key != long || row.OrganizationID != 2 || row.Prefix != "kkkk" {
		t.Errorf("taken over: %+v, %q, %v", row, key, err)
	}
	in.OrganizationID = 1
	if _, _, err := s.createKey(admin(), in); !errors.Is(err, errKeyExists) {
		t.Errorf("taken over twice: %v", err)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		m := New()
		m.now = s.now
		var out bytes.Buffer
		host := &kernel.CommandHost{DB: d, Log: slog.New(slog.DiscardHandler), Out: &out}
		run := func(args ...string) (string, error) {
			out.Reset()
			err := m.apikey(context.Background(), host, args)
			return out.String(), err
		}
		told, err := run("create", "--type", "AGENT", "--organization", "1", "--description", "hall")
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(told)
		if a, err := shown(s, words[len(words)-1]); err != nil || a.OrganizationID != 1 || a.Role != actor.Agent {
			t.Errorf("the last word of %q is the key of %+v, %v", told, a, err)
		}
		own := strings.Repeat("0123456789abcdef", 4)
		if told, err = run("create", "--type", "ADMIN", "--organization", "2", "--key", own, "--expires", "2026-11-03"); err != nil || !strings.HasSuffix(told, own+"\n") {
			t.Errorf("taken over: %q, %v", told, err)
		}
		if _, err = run("create", "--type", "AGENT", "--organization", "2", "--expires", "2026-11-02T12:00:01Z"); err != nil {
			t.Error(err)
		}
		if told, err = run("revoke", "1"); err != nil || !strings.Contains(told, "revoked") {
			t.Errorf("revoke: %q, %v", told, err)
		}
		told, err = run("list")
		for _, want := range []string{"sk_agent_", "hall", "revoked 2026-11-02 12:00:00", "0123…", "until 2026-11-04 00:00:00", "2026-11-02 12:00:00"} {
			if err != nil || !strings.Contains(told, want) {
				t.Errorf("the list lacks %q, %v:\n%s", want, err, told)
			}
		}
		if strings.Contains(told, own) {
			t.Error("the list has a key")
		}
		if told, err = run("list", "--organization", "2"); err != nil || strings.Contains(told, "hall") {
			t.Errorf("list of one organization: %v\n%s", err, told)
		}
		for _, wrong := range [][]string{
			{}, {"make"}, {"create"}, {"create", "--type", "AGENT", "--organization", "1", "more"}, {"create", "--what"},
			{"create", "--type", "AGENT", "--organization", "1", "--expires", "soon"}, {"create", "--type", "AGENT", "--organization", "77"},
			{"list", "--what"}, {"revoke"}, {"revoke", "x"}, {"revoke", "99"},
		} {
			if _, err := run(wrong...); err == nil {
				t.Errorf("apikey %v passes", wrong)
			}
		}
	})
}

func TestStateOfAKey(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.SQLite(t))
	for want, k := range map[string]keyRow{
		"inactive": {}, "in force": {IsActive: true},
		"expired 2026-11-02 12:00:00": {IsActive: true, ExpiresAt: noon},
	} {
		if got := s.stateOf(k); got != want {
			t.Errorf("state is %q, want %q", got, want)
		}
	}
}

// A gateway keeps to the networks that a key may be used from, so it is told of them.
func TestGatewaysAreToldOfAKeysNetworks(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	row, _, err := s.createKey(admin(), keyInput{OrganizationID: 1, Type: "AGENT", AllowedIPs: []string{"10.1.2.3/16", "2001:db8::1"}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.AgentKeys(keyOfOrganization(1))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	one, err := s.ByHash(keyOfOrganization(1), row.Hash)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []identity.Key{all[0], one} {
		if got := fmt.Sprint(k.AllowedIPs); got != "[10.1.0.0/16 2001:db8::1/128]" {
			t.Errorf("may be used from %s", got)
		}
		if !k.Allows("10.1.255.1") || !k.Allows("2001:db8::1") || k.Allows("10.2.0.1") || k.Allows("") {
			t.Errorf("%v allows others", k.AllowedIPs)
		}
	}
}
