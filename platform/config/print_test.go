package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/config"
)

func TestPrintSaysWhereEachValueIsFromAndNoSecret(t *testing.T) {
	t.Parallel()
	tree := load(t, config.Input{
		File: writeFile(t, "uplink: {url: http://file}"),
		Env:  []string{"STAFF_UPLINK__TOKEN=hunter2", "STAFF_UPLINK__INTERVAL=2h"},
		Set:  []string{"uplink.labels.floor=2"},
	})
	var b strings.Builder
	tree.Print(&b)
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		`role ["all"] default`, `data "./data" default`, `uplink.listen ":3003" default`, `uplink.url "http://file" staff-control.yaml`,
		`uplink.token "[secret]" STAFF_UPLINK__TOKEN`, `uplink.batch_size 1MiB default`, `uplink.interval 2h STAFF_UPLINK__INTERVAL`,
		`uplink.workers 2 default`, `uplink.limit 100 default`, `uplink.enabled true default`, `uplink.hosts ["a", "b"] default`,
		`uplink.labels {"floor": "2"} flag`, `uplink.retry.first 1m default`, `uplink.retry.factor 1.5 default`,
		`gateway.listen ":3003" default`, `agent_api.listen ":3001" default`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheExampleHoldsTheDefaults(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	config.Example(&b, sections())
	want := `# which roles run
role: ["all"]
# the data directory
data: "./data"

uplink:
  # address and port
  listen: ":3003"
`
	if !strings.HasPrefix(b.String(), want) || !strings.Contains(b.String(), "\n  retry:\n    # the first pause\n    first: 1m\n") {
		t.Errorf("got\n%s", b.String())
	}
	var none uplink
	tree := load(t, config.Input{File: writeFile(t, b.String())})
	if got := into(t, tree, "uplink", &none); !reflect.DeepEqual(got, *defaults()) {
		t.Errorf("read back: %+v", got)
	}
}
