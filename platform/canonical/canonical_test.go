package canonical_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/staff-control/staff-control/platform/canonical"
)

// The vector is that of RFC 8785, section 3.2.2 to 3.2.4.
func TestTheFormIsThatOfTheRFC(t *testing.T) {
	t.Parallel()
	in := json.RawMessage(`{
		"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
		"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
		"literals": [null, true, false]
	}`)
	want := `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`
	if got, err := canonical.JSON(in); err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func TestEqualValuesHaveOneSum(t *testing.T) {
	t.Parallel()
	a, err := canonical.Sum(map[string]any{"b": 1, "a": []string{"<&>", "ў"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := canonical.Sum(json.RawMessage(` {"a" : ["\u003c\u0026>","\u045e"], "b": 1.0} `))
	if err != nil || a != b || len(a) != 64 {
		t.Errorf("%s and %s, %v", a, b, err)
	}
	if c, _ := canonical.Sum(map[string]any{"b": 2, "a": []string{"<&>", "ў"}}); c == a {
		t.Error("another value has the same sum")
	}
}

func TestWhatIsNoJSONHasNoForm(t *testing.T) {
	t.Parallel()
	for _, v := range []any{math.NaN(), make(chan int)} {
		if text, err := canonical.JSON(v); err == nil {
			t.Errorf("%T: %s", v, text)
		}
		if sum, err := canonical.Sum(v); err == nil {
			t.Errorf("%T: %s", v, sum)
		}
	}
}
