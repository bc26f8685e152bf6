package i18n_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/i18n"
)

// spell is a text as a reader of Cyrillic gets it.
func spell(t *testing.T, latin string) string {
	t.Helper()
	file, err := json.Marshal(map[string]map[string]string{"text": {"uz": latin, "ru": "x", "en": "x"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := i18n.New("uz", file)
	if err != nil {
		t.Fatal(err)
	}
	return c.Text(i18n.Cyrillic, "text", fault.Params{"Count": 5, "Name": "Aliyeva Gʻuncha"})
}

func TestUzbekIsSpelledInCyrillicAsThePagesSpellIt(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/cyrillic.json")
	if err != nil {
		t.Fatal(err)
	}
	var spellings map[string]string
	if err := json.Unmarshal(file, &spellings); err != nil {
		t.Fatal(err)
	}
	for latin, want := range spellings {
		if latin == "" || strings.Contains(latin, "{{count}}") { // that one is a parameter of the pages'
			continue
		}
		want = strings.ReplaceAll(want, "{{.Count}}", "5")
		if got := spell(t, latin); got != want {
			t.Errorf("%s: got %s, want %s", latin, got, want)
		}
	}
}

func TestParametersAreNotSpelledAnew(t *testing.T) {
	t.Parallel()
	if got := spell(t, "{{.Name}} topilmadi"); got != "Aliyeva Gʻuncha топилмади" {
		t.Error(got)
	}
}

func TestACatalogMayBeCyrillicByDefault(t *testing.T) {
	t.Parallel()
	c, err := i18n.New(i18n.Cyrillic, []byte(internal))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Match("", "ja"); got != i18n.Cyrillic {
		t.Errorf("the default language is %s", got)
	}
	if got := c.Text("", "internal", nil); got != "Хатолик" {
		t.Error(got)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}
