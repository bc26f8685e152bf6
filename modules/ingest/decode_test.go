package ingest

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/jsonscan"
)

// dataOf is the events as our gateway sends them, with positions from first on.
func dataOf(t testing.TB, first int64, events []activity.Event) string {
	t.Helper()
	var items []string
	for i, e := range events {
		b, err := json.Marshal(struct {
			Seq int64 `json:"seq"`
			activity.Event
		}{first + int64(i), e})
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, string(b))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func mustDecode(t testing.TB, body string) document {
	t.Helper()
	d, err := decode(body, 100)
	if err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return d
}

func TestOwnDialectComesBackAsItWas(t *testing.T) {
	t.Parallel()
	events := activitytest.Kinds()
	events[0].Aside = activity.UnidentifiedAgent
	events[0].Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	d := mustDecode(t, `{"gatewayId":"g","idempotencyToken":"t","epoch":"e","stream":"agent","future":[{"x":null},-1.5e3,"\u0041"],
		"sentAt":"2026-11-02T12:00:00.5+05:00","until":"2026-11-02T11:59:00Z","dropped":[{"first":3,"last":5,"reason":"overflow","new":1}],
		"data":`+dataOf(t, 7, events)+`}`)
	if d.gatewayID != "g" || d.token != "t" || d.epoch != "e" || d.stream != "agent" {
		t.Errorf("document %+v", d)
	}
	if want := time.Date(2026, 11, 2, 7, 0, 0, 5e8, time.UTC); !d.sentAt.Equal(want) || !d.until.Equal(time.Date(2026, 11, 2, 11, 59, 0, 0, time.UTC)) {
		t.Errorf("sent at %v, until %v", d.sentAt, d.until)
	}
	if want := []gateway.Dropped{{First: 3, Last: 5, Reason: "overflow"}}; !slices.Equal(d.dropped, want) {
		t.Errorf("dropped %+v", d.dropped)
	}
	if !slices.Equal(d.seqs, []int64{7, 8, 9, 10, 11}) {
		t.Errorf("positions %v", d.seqs)
	}
	if !reflect.DeepEqual(d.events, events) {
		t.Errorf("events\n got %+v\nwant %+v", d.events, events)
	}
}

func TestDocumentsDialectIsTaken(t *testing.T) {
	t.Parallel()
	d := mustDecode(t, `{"gatewayId":"test-gateway","data":[
		{"type":"active_window","computerUid":"PC-001","userSid":"S-1-5-21-123","payload":{"windowTitle":"Test Window","processName":"a.exe","durationSeconds":12.9},"timestamp":"2026-11-02T12:00:00.000Z"},
		{"type":"user_session","computerUid":"PC-001","userSid":"S","payload":{"sessionType":"lock","endTime":null,"type":"x"},"timestamp":"2026-11-02T12:00:00Z"},
		{"type":"screenshot","computerUid":"PC-001","userSid":"S","payload":{"filePath":"a/b.png","fileSize":5,"width":1920,"height":1080,"sha256":"ab"},"timestamp":"2026-11-02T12:00:00Z"},
		{"type":"idle_period","computerUid":"PC-001","userSid":"S","payload":null,"timestamp":"2026-11-02T12:00:00Z"}]}`)
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	want := []activity.Event{
		{Kind: activity.ActiveWindow, ComputerUID: "PC-001", UserSID: "S-1-5-21-123", At: at, Title: "Test Window", Process: "a.exe", Duration: 12},
		{Kind: activity.UserSession, ComputerUID: "PC-001", UserSID: "S", At: at, Session: activity.Lock},
		{Kind: activity.Screenshot, ComputerUID: "PC-001", UserSID: "S", At: at, FilePath: "a/b.png", FileSize: 5, Width: 1920, Height: 1080, SHA256: "ab"},
		{Kind: activity.IdlePeriod, ComputerUID: "PC-001", UserSID: "S", At: at},
	}
	for i, got := range d.events {
		if got.Key == "" {
			t.Errorf("event %d has no key", i)
		}
		got.Key = ""
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("event %d\n got %+v\nwant %+v", i, got, want[i])
		}
	}
	if len(d.seqs) != 0 {
		t.Errorf("positions %v of items without any", d.seqs)
	}
}

func TestWhatIsToldOfComputersAndUsersIsTaken(t *testing.T) {
	t.Parallel()
	d := mustDecode(t, `{"data":[
		{"type":"computer","key":"1","computerUid":"PC","at":"2026-11-02T12:00:00Z","details":{"name":"desk","os":"Windows 11"}},
		{"type":"computer","key":"2","computerUid":"PC","at":"2026-11-02T12:00:00Z","details":null},
		{"type":"computer_user","key":"3","userSid":"S","at":"2026-11-02T12:00:00Z","details":{}}]}`)
	if got := d.events[0].Details; len(got) != 2 || got["name"] != "desk" || got["os"] != "Windows 11" {
		t.Errorf("details %v", got)
	}
	if d.events[1].Details != nil || d.events[2].Details != nil {
		t.Errorf("events %+v", d.events)
	}
	_, err := decode(`{"data":[{"type":"computer_user","key":"3","at":"2026-11-02T12:00:00Z","details":{"name":5}},{"type":"computer","at":"2026-11-02T12:00:00Z","details":[]}]}`, 9)
	var got []string
	for _, d := range fault.Of(err).Details {
		got = append(got, d.Field+" "+d.Code)
	}
	want := []string{"data[0].details.name not_text", "data[0].userSid required", "data[1].details not_an_object", "data[1].computerUid required"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEqualItemsOfOneBatchStayThemselves(t *testing.T) {
	t.Parallel()
	item := `{"type":"active_window","computerUid":"PC","userSid":"S","payload":{"windowTitle":"T"},"timestamp":"2026-11-02T12:00:00Z"}`
	other := strings.Replace(item, `"T"`, `"U"`, 1)
	body := `{"data":[` + strings.Join([]string{item, other, item, item}, ",") + `]}`
	keys := func() (keys []string) {
		for _, e := range mustDecode(t, body).events {
			keys = append(keys, e.Key)
		}
		return keys
	}
	first := keys()
	if !slices.Equal(first, keys()) {
		t.Error("the same batch has other keys the second time")
	}
	slices.Sort(first)
	if len(slices.Compact(first)) != 4 {
		t.Errorf("keys %v are not four", first)
	}
}

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	good := `{"type":"active_window","key":"k","computerUid":"PC","userSid":"S","at":"2026-11-02T12:00:00Z"}`
	for body, want := range map[string][]string{
		`{}`:              {"data required"},
		`{"data":null}`:   {"data required"},
		`{"data":{}}`:     {"data not_a_list", "data required"},
		`{"data":["x"]}`:  {"data[0] not_an_object"},
		`{"data":[null]}`: {"data[0] not_an_object"},
		`{"data":[` + good + `,{}]}`: {
			"data[1].computerUid required", "data[1].timestamp required", "data[1].type ingest.unknown_type"},
		`{"data":[` + good + `,` + strings.Replace(good, "active_window", "coffee", 1) + `]}`:                   {"data[1].type ingest.unknown_type"},
		`{"data":[` + strings.Replace(good, `"active_window"`, "5", 1) + `]}`:                                   {"data[0].type not_text", "data[0].type ingest.unknown_type"},
		`{"data":[` + strings.Replace(good, `"2026-11-02T12:00:00Z"`, `"yesterday"`, 1) + `]}`:                  {"data[0].at not_a_time", "data[0].timestamp required"},
		`{"data":[` + strings.Replace(good, "active_window", "visited_site", 1) + `]}`:                          {"data[0].url required"},
		`{"data":[` + strings.Replace(good, "active_window", "screenshot", 1) + `]}`:                            {"data[0].filePath required"},
		`{"data":[` + strings.Replace(good, "active_window", "user_session", 1) + `]}`:                          {"data[0].sessionType ingest.unknown_session"},
		`{"data":[` + strings.Replace(good, `"key"`, `"seq":0,"key"`, 1) + `]}`:                                 {"data[0].seq not_a_number"},
		`{"data":[` + strings.Replace(good, `"key"`, `"payload":{"durationSeconds":"5"},"key"`, 1) + `]}`:       {"data[0].payload.durationSeconds not_a_number"},
		`{"data":[` + strings.Replace(good, `"key"`, `"payload":[],"width":-1,"fileSize":1e30,"key"`, 1) + `]}`: {"data[0].payload not_an_object", "data[0].width not_a_number", "data[0].fileSize not_a_number"},
		`{"data":[` + strings.Replace(good, `"k"`, `"k\u0000","trace":"`+strings.Repeat("t", 65)+`"`, 1) + `]}`: {"data[0].key not_text", "data[0].trace too_long"},
		`{"epoch":"` + strings.Repeat("e", 65) + `","stream":"a\u0000","data":[]}`:                              {"epoch too_long", "stream not_text"},
		`{"until":"0000-12-31T23:59:59Z","sentAt":"9999-12-31T23:59:59-00:01","data":[]}`:                       {"until not_a_time", "sentAt not_a_time"},
		`{"gatewayId":5,"until":"x","dropped":[{"first":"a","last":2,"reason":[]},7],"data":[]}`: {
			"gatewayId not_text", "until not_a_time", "dropped.first not_a_number", "dropped.reason not_text", "dropped ingest.bad_range", "dropped not_an_object", "dropped ingest.bad_range"},
	} {
		_, err := decode(body, 100)
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", body, err)
			continue
		}
		var got []string
		for _, d := range f.Details {
			got = append(got, d.Field+" "+d.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", body, got, want)
		}
	}
}

func TestBrokenJSONIsMalformed(t *testing.T) {
	t.Parallel()
	whole := `{"gatewayId":"g\n\u00e9\ud83d\ude00","data":[{"type":"active_window","x":[true,false,null,-0.5e+7,{}],"at":"2026-11-02T12:00:00Z"}]}`
	for i := range whole {
		if _, err := decode(whole[:i], 100); !errors.Is(err, errMalformed) {
			t.Fatalf("the first %d bytes: %v", i, err)
		}
	}
	for _, body := range []string{
		whole + "x", "[]", "null", `{"a":01,"data":[]}`, `{"a":1.,"data":[]}`, `{"a":1e,"data":[]}`, `{"a":tru,"data":[]}`, `{"a":"` + "\x01" + `","data":[]}`,
		`{"a":"\x","data":[]}`, `{"a":"\u12g4","data":[]}`, `{"a":1,}`, `{"data":[1,]}`, `{"data":[1 2]}`, `{"a" 1}`, `{a:1}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"data":[]}`,
	} {
		if _, err := decode(body, 100); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestTooManyEventsAreTooLarge(t *testing.T) {
	t.Parallel()
	data := dataOf(t, 1, activitytest.Events(4))
	if _, err := decode(`{"data":`+data+`}`, 4); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	if _, err := decode(`{"data":`+data+`}`, 3); fault.Of(err).Kind != fault.TooLarge {
		t.Errorf("one too many: %v", err)
	}
}

func TestRefusalNamesSomeFaultsNotAll(t *testing.T) {
	t.Parallel()
	_, err := decode(`{"data":[`+strings.Repeat(`5,`, 50)+`5]}`, 100)
	if f := fault.Of(err); len(f.Details) != jsonscan.MaxFaults {
		t.Errorf("%d details", len(f.Details))
	}
}
