package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/config"
)

func FuzzLoad(f *testing.F) {
	document, err := os.ReadFile("testdata/gateway.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(document), "STAFF_UPLINK__URL=a", "uplink.url=b")
	f.Add("uplink: {labels: {a: {b: c}, a.b: d}, retry: []}", "STAFF_UPLINK__LABELS__A=x\nSTAFF_UPLINK__LABELS__A__B=y", "uplink.labels.a.b.c=1")
	f.Add("a: &a [*a]\n<<: *a\n? {}", "STAFF_\nSTAFF___=1\nPORT=99999\nSTAFF_ROLE=gateway", "=\n.=.")
	f.Add("uplink: !!binary aGk=\n\"uplink.url\": 1\n~: 1", "STAFF_UPLINK=1", "uplink=1\nuplink.labels=2")
	f.Fuzz(func(t *testing.T, file, env, set string) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		in := config.Input{File: path, Env: strings.Split(env, "\n"), Set: strings.Split(set, "\n")}
		for i, line := range in.Env { // no file but the fuzzer's own is read
			in.Env[i] = strings.ReplaceAll(line, "_FILE=", "_FILE")
		}
		tree, err := config.Load(in, sections())
		// Whatever was wrong is told by Load; what is left can always be filled in.
		if into := tree.Into("uplink", defaults()); into != nil {
			t.Errorf("load said %v, filling in says %v", err, into)
		}
		tree.Print(new(strings.Builder))
	})
}
