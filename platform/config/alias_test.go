package config_test

import (
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/config"
)

type documentUplink struct {
	URL            string        `koanf:"url"`
	Token          config.Secret `koanf:"token"`
	OrganizationID int64         `koanf:"organization_id"`
}

type documentBuffer struct {
	Path          string       `koanf:"path"`
	MaxSize       config.Bytes `koanf:"max_size"`
	RetentionDays int          `koanf:"retention_days"`
}

type documentLog struct {
	Level string `koanf:"level"`
	File  string `koanf:"file"`
}

type documentDatabase struct {
	URL config.Secret `koanf:"url"`
}

func documentSections() []config.Section {
	return []config.Section{
		{Config: &root{Role: []string{"all"}}},
		{Name: "uplink", Config: &documentUplink{}},
		{Name: "buffer", Config: &documentBuffer{}},
		{Name: "log", Config: &documentLog{}},
		{Name: "database", Config: &documentDatabase{}},
		{Name: "gateway", Config: &common{":3003"}},
		{Name: "agent_api", Config: &common{":3001"}},
	}
}

func TestTheDocumentsGatewayFileLoads(t *testing.T) {
	t.Parallel()
	tree, err := config.Load(config.Input{File: "testdata/gateway.yml"}, documentSections())
	if err != nil {
		t.Fatal(err)
	}
	up := into(t, tree, "uplink", &documentUplink{})
	if want := (documentUplink{"https://agent-api.staff-control.com", "00012345", 7}); up != want {
		t.Errorf("uplink: %q %q %d", up.URL, up.Token.Reveal(), up.OrganizationID)
	}
	if got, want := into(t, tree, "buffer", &documentBuffer{}), (documentBuffer{"/var/lib/staff-gateway/buffer.sqlite", 1e9, 7}); got != want {
		t.Errorf("buffer: %+v", got)
	}
	if got, want := into(t, tree, "log", &documentLog{}), (documentLog{"info", "/var/log/staff-gateway/gateway.log"}); got != want {
		t.Errorf("log: %+v", got)
	}
}

func TestTheDocumentsFileLoadsWhereNoModuleHasItsSettings(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{File: "testdata/gateway.yml"}, []config.Section{{Name: "buffer", Config: &documentBuffer{}}})
	if err != nil {
		t.Error(err)
	}
}

func TestAMisspeltDeviceIsFoundOnceDevicesExist(t *testing.T) {
	t.Parallel()
	devices := config.Section{Name: "devices", Config: &struct {
		Hikvision struct {
			Enabled bool `koanf:"enabled"`
		} `koanf:"hikvision"`
	}{}}
	_, err := config.Load(config.Input{Set: []string{"adapters.hikvision.enabled=true", "adapters.hikvison.enabled=true"}}, []config.Section{devices})
	want := "adapters.hikvison.enabled: no such setting (did you mean devices.hikvision.enabled?)"
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "1 setting ") {
		t.Errorf("got %v", err)
	}
}

func TestTheDocumentsVariables(t *testing.T) {
	t.Parallel()
	env := []string{
		"AGENT_API_URL=http://agent-api:3000", "BUFFER_PATH=/tmp/b.sqlite", "DATABASE_URL=postgresql://u:p@h/d",
		"TIMESCALE_URL=x", "REDIS_URL=redis://redis:6379", "STORAGE_DRIVER=local", "STORAGE_BASE_PATH=/app/uploads", "NODE_ENV=development",
	}
	tree, err := config.Load(config.Input{Env: env}, documentSections())
	if err != nil {
		t.Fatal(err)
	}
	up, buf, db := into(t, tree, "uplink", &documentUplink{}), into(t, tree, "buffer", &documentBuffer{}), into(t, tree, "database", &documentDatabase{})
	if up.URL != "http://agent-api:3000" || buf.Path != "/tmp/b.sqlite" || db.URL.Reveal() != "postgresql://u:p@h/d" {
		t.Errorf("got %q %q %q", up.URL, buf.Path, db.URL.Reveal())
	}
}

func TestTheProperNameWinsOverTheDocuments(t *testing.T) {
	t.Parallel()
	tree, err := config.Load(config.Input{
		File: writeFile(t, "uplink: {token: a}\norganization: {provisioning_token: b}"),
		Env:  []string{"STAFF_UPLINK__URL=http://a", "AGENT_API_URL=http://b", "DATABASE_URL_FILE=" + writeFile(t, "postgres://h/d\n")},
	}, documentSections())
	if err != nil {
		t.Fatal(err)
	}
	if up := into(t, tree, "uplink", &documentUplink{}); up.Token.Reveal() != "a" || up.URL != "http://a" {
		t.Errorf("got %q %q", up.Token.Reveal(), up.URL)
	}
	if db := into(t, tree, "database", &documentDatabase{}); db.URL.Reveal() != "postgres://h/d" {
		t.Errorf("database.url %q", db.URL.Reveal())
	}
}

func TestPortIsThatOfTheRoleThatRunsAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in              config.Input
		gateway, server string
	}{
		{config.Input{Env: []string{"PORT=80"}}, ":3003", ":3001"},
		{config.Input{Env: []string{"PORT="}, Set: []string{"role=gateway"}}, ":3003", ":3001"},
		{config.Input{Env: []string{"PORT=80"}, Set: []string{"role=gateway"}}, ":80", ":3001"},
		{config.Input{Env: []string{"PORT=80", "STAFF_ROLE=agent-api"}}, ":3003", ":80"},
		{config.Input{Env: []string{"PORT=80", "STAFF_ROLE=agent-api"}, Set: []string{"role=gateway"}}, ":80", ":3001"},
		{config.Input{Env: []string{"PORT=80"}, Set: []string{"role=gateway,agent-api"}}, ":3003", ":3001"},
		{config.Input{Env: []string{"PORT=80"}, Set: []string{"role=dashboard"}}, ":3003", ":3001"},
		{config.Input{Env: []string{"PORT=80", "STAFF_GATEWAY__LISTEN=:81"}, Set: []string{"role=gateway"}}, ":81", ":3001"},
	}
	for _, tt := range tests {
		tree, err := config.Load(tt.in, documentSections())
		if err != nil {
			t.Errorf("%v: %v", tt.in, err)
			continue
		}
		gateway, server := into(t, tree, "gateway", &common{":3003"}), into(t, tree, "agent_api", &common{":3001"})
		if gateway.Listen != tt.gateway || server.Listen != tt.server {
			t.Errorf("%v: gateway %s, agent-api %s", tt.in, gateway.Listen, server.Listen)
		}
	}
	_, err := config.Load(config.Input{Env: []string{"PORT=tcp://x"}, Set: []string{"role=gateway"}}, documentSections())
	if err == nil || !strings.Contains(err.Error(), "PORT: must be a port number, is tcp://x") {
		t.Errorf("got %v", err)
	}
}
