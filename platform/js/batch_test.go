package js_test

import (
	"encoding/json"
	"testing"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/js"
)

func TestAListMustBeOne(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"": "required", " null ": "required", "{}": "not_a_list", "7": "not_a_list", "[]": "", ` [{}, null] `: ""} {
		items, err := js.List("jobs", json.RawMessage(raw))
		got := ""
		if err != nil {
			got = fault.Of(err).Details[0].Code
		}
		if got != want || (raw == ` [{}, null] `) != (len(items) == 2) {
			t.Errorf("%q is %d items, %v", raw, len(items), err)
		}
	}
	if !js.IsObject(json.RawMessage(" {}")) || js.IsObject(json.RawMessage("[]")) || js.IsObject(nil) {
		t.Error("only an object is one")
	}
}

func TestOfAPictureStaysItsSizeAndSum(t *testing.T) {
	t.Parallel()
	const zeros = `{"size":3,"sha256":"709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"}`
	for raw, want := range map[string]string{
		`"AAAA"`: zeros, `"data:image/png;base64,AAAA"`: zeros,
		`"no base64"`: `{"size":9,"sha256":"` + js.ParsePicture(json.RawMessage(`no base64`)).SHA256 + `"}`,
		`17`:          `{"size":2,"sha256":"4523540f1504cd17100c4835e85b7eefd49911580f8efff0599a8f283be6b9e3"}`,
	} {
		if got := string(js.ParsePicture(json.RawMessage(raw)).JSON()); got != want {
			t.Errorf("%s is %s, want %s", raw, got, want)
		}
	}
}
