package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/config"
)

type root struct {
	Role []string `koanf:"role" doc:"which roles run"`
	Data string   `koanf:"data" doc:"the data directory"`
}

type retry struct {
	First  time.Duration `koanf:"first" doc:"the first pause"`
	Factor float64       `koanf:"factor" doc:"each pause to the one before"`
}

type common struct {
	Listen string `koanf:"listen" doc:"address and port"`
}

type uplink struct {
	common
	URL       string            `koanf:"url" doc:"agent-api's address"`
	Token     config.Secret     `koanf:"token" doc:"enrols the gateway"`
	BatchSize config.Bytes      `koanf:"batch_size" doc:"largest body before compression"`
	Interval  time.Duration     `koanf:"interval" doc:"pause between batches"`
	Workers   int               `koanf:"workers" doc:"batches at once"`
	Limit     uint16            `koanf:"limit" doc:"items of a batch"`
	Enabled   bool              `koanf:"enabled" doc:"whether it runs"`
	Hosts     []string          `koanf:"hosts" doc:"who may ask"`
	Labels    map[string]string `koanf:"labels" doc:"what goes with each batch"`
	Retry     retry             `koanf:"retry"`
	_         int               // what is not exported is no setting
	Internal  int
}

func defaults() *uplink {
	return &uplink{
		common: common{":3003"}, URL: "http://localhost:3001", BatchSize: 1 << 20, Interval: 10 * time.Second, Workers: 2,
		Limit: 100, Enabled: true, Hosts: []string{"a", "b"}, Labels: map[string]string{"site": "Toshkent"},
		Retry: retry{time.Minute, 1.5},
	}
}

func sections() []config.Section {
	return []config.Section{
		{Config: &root{Role: []string{"all"}, Data: "./data"}},
		{Name: "uplink", Config: defaults()},
		{Name: "gateway", Config: &common{":3003"}},
		{Name: "agent_api", Config: &common{":3001"}},
	}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "staff-control.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, in config.Input) *config.Tree {
	t.Helper()
	tree, err := config.Load(in, sections())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func into[T any](t *testing.T, tree *config.Tree, name string, cfg *T) T {
	t.Helper()
	if err := tree.Into(name, cfg); err != nil {
		t.Fatal(err)
	}
	return *cfg
}

func TestNothingGivenLeavesTheDefaults(t *testing.T) {
	t.Parallel()
	got := into(t, load(t, config.Input{}), "uplink", defaults())
	if !reflect.DeepEqual(got, *defaults()) {
		t.Errorf("got %+v", got)
	}
}

func TestEveryTypeIsReadFromEverySource(t *testing.T) {
	t.Parallel()
	want := uplink{
		common: common{":1"}, URL: "http://x", Token: "s3cret", BatchSize: 64e6, Interval: 90 * time.Second, Workers: -3, Limit: 9,
		Enabled: false, Hosts: []string{"x", "y"}, Labels: map[string]string{"site": "Buxoro"}, Retry: retry{time.Second, 2},
	}
	file := writeFile(t, `
uplink:
  listen: ":1"
  url: http://x
  token: s3cret
  batch_size: 64MB
  interval: 90s
  workers: -3
  limit: 9
  enabled: false
  hosts: [x, y]
  labels: {site: Buxoro}
  retry:
    first: 1s
    factor: 2
`)
	keys := map[string]string{
		"listen": ":1", "url": "http://x", "token": "s3cret", "batch_size": "64MB", "interval": "90s", "workers": "-3", "limit": "9",
		"enabled": "false", "hosts": "x, y", "labels.site": "Buxoro", "retry.first": "1s", "retry.factor": "2",
	}
	var env, set []string
	for key, value := range keys {
		env = append(env, "STAFF_UPLINK__"+strings.ToUpper(strings.ReplaceAll(key, ".", "__"))+"="+value)
		set = append(set, "uplink."+key+"="+value)
	}
	for name, in := range map[string]config.Input{"file": {File: file}, "environment": {Env: env}, "flags": {Set: set}} {
		got := into(t, load(t, in), "uplink", defaults())
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestTheLaterSourceWins(t *testing.T) {
	t.Parallel()
	in := config.Input{
		File: writeFile(t, "data: from-file\nuplink: {url: http://file, workers: 3, limit: 4, labels: {a: file, b: file}}"),
		Env:  []string{"STAFF_UPLINK__WORKERS=5", "STAFF_UPLINK__LIMIT=6", "STAFF_UPLINK__LABELS__B=env", "HOME=/root"},
		Set:  []string{"uplink.limit=7"},
	}
	tree := load(t, in)
	got := into(t, tree, "uplink", defaults())
	if got.URL != "http://file" || got.Workers != 5 || got.Limit != 7 || got.Interval != 10*time.Second {
		t.Errorf("got %+v", got)
	}
	if want := map[string]string{"a": "file", "b": "env"}; !reflect.DeepEqual(got.Labels, want) {
		t.Errorf("labels %v, want %v", got.Labels, want)
	}
	if r := into(t, tree, "", &root{}); r.Data != "from-file" {
		t.Errorf("data %q", r.Data)
	}
	if tree.Source() != "staff-control.yaml, environment, flags" {
		t.Errorf("source %q", tree.Source())
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	t.Parallel()
	in := config.Input{
		File: writeFile(t, `
uplink:
  intervall: 5s
  batch_size: 64 parrots
  interval: 10
  url: [a]
  hosts: {a: b}
  labels: 5
  retry: 7
agent_api: x
gatewy: {listen: ":9"}
`),
		Env: []string{"STAFF_UPLINK__WORKRES=1", "STAFF_UPLINK__LIMIT=70000", "STAFF_UPLINK__ENABLED=yes", "STAFF_UPLINK__TOKEN_FILE=/does/not/exist"},
		Set: []string{"uplink.workers=many", "uplink.retry.factor=x", "rubbish", "buffer.interval=1s", "x=1"},
	}
	_, err := config.Load(in, sections())
	want := `config: 18 settings are wrong (staff-control.yaml, environment, flags):
  agent_api: must be a section of settings, is x
  gatewy.listen: no such setting (did you mean gateway.listen?)
  uplink.batch_size: must be a size such as 64MB or 64MiB, is 64 parrots
  uplink.hosts.a: no such setting (did you mean uplink.hosts?)
  uplink.interval: must be a duration such as 10s or 1h30m, is 10
  uplink.intervall: no such setting (did you mean uplink.interval?)
  uplink.labels: must be a section of texts, is 5
  uplink.retry: must be a section of settings, is 7
  uplink.url: must be one value, is [a]
  STAFF_UPLINK__TOKEN_FILE: open /does/not/exist: no such file or directory
  uplink.enabled: must be true or false, is yes
  uplink.limit: must be a whole number from 0 to 65535, is 70000
  STAFF_UPLINK__WORKRES: no such setting (did you mean STAFF_UPLINK__WORKERS?)
  --set: must be key=value, is rubbish
  uplink.workers: must be a whole number, is many
  uplink.retry.factor: must be a number, is x
  buffer.interval: no such setting (did you mean uplink.interval?)
  x: no such setting`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestWhatIsWrongLeavesTheDefault(t *testing.T) {
	t.Parallel()
	tree, err := config.Load(config.Input{Set: []string{"uplink.workers=many", "uplink.limit=1"}}, sections())
	if err == nil {
		t.Fatal("no error")
	}
	if got := into(t, tree, "uplink", defaults()); got.Workers != 2 || got.Limit != 1 {
		t.Errorf("got %+v", got)
	}
	if err := tree.Into("nowhere", defaults()); err == nil {
		t.Error("a section that was not loaded was filled")
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"uplink: [":                   "yaml: ",
		"- a\n- b":                    "yaml: line 1: not a section of settings",
		"uplink:\n  url: a\n  url: b": "yaml: line 3: url stands twice in its section",
		"a: &x {b: c}\nd: *x":         "yaml: line 2: anchors are not read in settings",
		"a: 1\n---\nb: 2":             "yaml: more than one document",
		"uplink: {? [a] : b}":         "yaml: line 1: a setting's name must be a text",
		"uplink: {token: [a]}":        "uplink.token: must be one value, is [secret]",
		"uplink: {hosts: [{a: b}]}":   "uplink.hosts: must be a list of texts, is [map[a:b]]",
		"uplink: {labels: {a: [b]}}":  "uplink.labels.a: must be a section of texts, is [b]",
	} {
		_, err := config.Load(config.Input{File: writeFile(t, content)}, sections())
		if err == nil || !strings.Contains(err.Error(), "config: 1 setting is wrong (staff-control.yaml):\n  "+want) {
			t.Errorf("%q: got %v, want %s", content, err, want)
		}
	}
	if _, err := config.Load(config.Input{File: "/does/not/exist.yaml"}, sections()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for _, content := range []string{"", "# nothing", "~", "uplink:", "uplink: {}", "uplink: {url: }"} {
		got := into(t, load(t, config.Input{File: writeFile(t, content)}), "uplink", defaults())
		if !reflect.DeepEqual(got, *defaults()) {
			t.Errorf("%q: got %+v", content, got)
		}
	}
}

func TestSecretsComeFromFilesToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := into(t, load(t, config.Input{Env: []string{"STAFF_UPLINK__TOKEN_FILE=" + path}}), "uplink", defaults())
	if got.Token.Reveal() != "from a file" {
		t.Errorf("token %q", got.Token.Reveal())
	}
	_, err := config.Load(config.Input{Env: []string{"STAFF_UPLINK__TOKEN=a", "STAFF_UPLINK__TOKEN_FILE=" + path}}, sections())
	if err == nil || !strings.Contains(err.Error(), "uplink.token: must be set once, is set by STAFF_UPLINK__TOKEN and STAFF_UPLINK__TOKEN_FILE") {
		t.Errorf("twice: %v", err)
	}
	_, err = config.Load(config.Input{Env: []string{"STAFF_UPLINK__URL_FILE=" + path}}, sections())
	if err == nil || !strings.Contains(err.Error(), "STAFF_UPLINK__URL_FILE: no such setting") {
		t.Errorf("a setting that is no secret: %v", err)
	}
}

func TestEmptyVariablesAndKubernetesServiceLinksAreNoSettings(t *testing.T) {
	t.Parallel()
	got := into(t, load(t, config.Input{Env: []string{
		"STAFF_UPLINK__WORKERS=", "STAFF_GATEWAY_PORT=tcp://10.0.0.1:3003", "STAFF_GATEWAY_SERVICE_HOST=10.0.0.1",
		"STAFF_AGENT_API_PORT_3001_TCP_ADDR=10.0.0.2", "STAFF_CONTROL_SERVICE_PORT_HTTP=80",
	}}), "uplink", defaults())
	if !reflect.DeepEqual(got, *defaults()) {
		t.Errorf("got %+v", got)
	}
	if _, err := config.Load(config.Input{Env: []string{"STAFF_NOTHING=1", "STAFF_UPLINK__PORT=1"}}, sections()); err == nil ||
		!strings.Contains(err.Error(), "2 settings") {
		t.Errorf("got %v", err)
	}
}

func TestReportsAreJoined(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{Set: []string{"uplink.wrokers=1"}}, sections())
	validate := errors.Join(
		config.Problem("batch_size", "be between 1 and 16 MiB", config.Bytes(0)),
		config.Problem("url", "be set in role gateway", ""),
		config.Problem("interval", "be at most 1h", 10*time.Hour),
		config.Problem("token", "be longer", config.Secret("abc")),
		errors.New("odd"),
	)
	got := config.Join("a, b", err, nil, config.Under("uplink", validate), config.Under("", errors.New("root")))
	want := `config: 7 settings are wrong (a, b):
  uplink.wrokers: no such setting (did you mean uplink.workers?)
  uplink.batch_size: must be between 1 and 16 MiB, is 0
  uplink.url: must be set in role gateway, is empty
  uplink.interval: must be at most 1h, is 10h
  uplink.token: must be longer, is [secret]
  uplink: odd
  root`
	if got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
	if config.Join("x", nil, config.Under("a", nil)) != nil {
		t.Error("a report of nothing")
	}
	if got := config.Problem("a", "be short", strings.Repeat("ж", 100)).Error(); len([]rune(got)) > 90 {
		t.Errorf("a long value is shown whole: %s", got)
	}
}

func TestASectionMustBeAStructOfSettings(t *testing.T) {
	t.Parallel()
	for _, cfg := range []any{5, root{}, new(int), &struct {
		A chan int `koanf:"a"`
	}{}, &struct {
		A []int `koanf:"a"`
	}{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%T was taken", cfg)
				}
			}()
			_, _ = config.Load(config.Input{}, []config.Section{{Name: "x", Config: cfg}})
		}()
	}
}

func ExampleProblem() {
	fmt.Println(config.Problem("batch_size", "be between 1 and 16 MiB", 0))
	// Output: batch_size: must be between 1 and 16 MiB, is 0
}
