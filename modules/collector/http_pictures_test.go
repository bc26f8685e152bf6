package collector

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

const pictures = "/v2/agent/screenshots"

// form makes a form of parts, each a name and a content, in order.
func form(t testing.TB, parts ...string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		var err error
		if parts[i] == "file" {
			p, e := w.CreateFormFile("file", `../../"../evil.exe`)
			if err = e; err == nil {
				_, err = p.Write([]byte(parts[i+1]))
			}
		} else {
			err = w.WriteField(parts[i], parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

const known = `{"id":"0192F3A1-7C00-7000-8000-000000000001","computerUid":"PC-1","userSid":"S-1","at":"2026-11-02T16:00:00+05:00",
	"title":"Ekran","processName":"EXCEL.EXE","filePath":"C:\\x.png","durationSeconds":9,"screen":{"number":[2]}}`

func TestAPictureIsTakenAsItComes(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	for i, want := range []string{`"success":true,"known":false,"sha256":"ab","size":100000,`, `"success":true,"known":true,`} {
		body, contentType := form(t, "metadata", known, "file", strings.Repeat("x", 100_000))
		w := post(t, server, pictures, body, "Content-Type", contentType)
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Fatalf("the picture for the %d. time: %d %s, want %s", i+1, w.Code, w.Body, want)
		}
	}
	want := activity.Event{
		Kind: activity.Screenshot, Key: "0192f3a1-7c00-7000-8000-000000000001", ComputerUID: "PC-1", UserSID: "S-1",
		At: time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC), Title: "Ekran", Process: "EXCEL.EXE", Source: "api",
	}
	got, err := json.Marshal(s.shots[0].Event)
	if expected, _ := json.Marshal(want); err != nil || len(s.shots) != 1 || !bytes.Equal(got, expected) || len(s.shots[0].content) != 100_000 {
		t.Errorf("taken is %s (%v)\nwant %s", got, err, expected)
	}
	if a := s.actors[0]; a.Role != actor.Agent || a.OrganizationID != 3 || len(s.taken()) != 0 {
		t.Errorf("taken on behalf of %+v", a)
	}
	if len(s.states) != 1 || s.states[0].ComputerUID != "PC-1" {
		t.Errorf("told of the agent is %+v", s.states)
	}
}

func TestAPictureThatIsNotWellFormedIsRefused(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys, "collector.max_picture=20kB")
	whole, contentType := form(t, "metadata", known, "file", strings.Repeat("x", 10_000))
	made := func(parts ...string) []byte {
		body, other := form(t, parts...)
		return bytes.ReplaceAll(body, []byte(boundaryOf(other)), []byte(boundaryOf(contentType)))
	}
	for name, test := range map[string]struct {
		body   []byte
		header []string
		status int
		says   string
	}{
		"no form":            {[]byte(known), []string{"Content-Type", "application/json"}, 400, "collector.picture_form"},
		"no boundary":        {whole, []string{"Content-Type", "multipart/form-data"}, 400, "collector.picture_form"},
		"nothing":            {nil, nil, 400, "collector.picture_form"},
		"file first":         {made("file", "xxxx", "metadata", known), nil, 400, "collector.picture_form"},
		"no file":            {made("metadata", known), nil, 400, "collector.picture_form"},
		"another part":       {made("metadata", known, "picture", "xxxx"), nil, 400, "collector.picture_form"},
		"metadata not JSON":  {made("metadata", "PC-1", "file", "xxxx"), nil, 400, "malformed"},
		"metadata too long":  {made("metadata", `{"title":"`+strings.Repeat("x", maxMetadata)+`"}`, "file", "xxxx"), nil, 400, "malformed"},
		"metadata empty":     {made("metadata", "{}", "file", "xxxx"), nil, 400, `"field":"computerUid"`},
		"no user":            {made("metadata", `{"computerUid":"PC","at":"2026-11-02T16:00:00Z"}`, "file", "xxxx"), nil, 400, `"field":"userSid"`},
		"no time":            {made("metadata", `{"computerUid":"PC","userSid":"S"}`, "file", "xxxx"), nil, 400, `"field":"at"`},
		"an id that is none": {made("metadata", `{"id":"7","computerUid":"PC","userSid":"S","at":"2026-11-02T16:00:00Z"}`, "file", "xxxx"), nil, 400, `"field":"id"`},
		"cut off":            {whole[:5000], nil, 400, "malformed"},
		"without its end":    {whole[:len(whole)-80], nil, 400, "malformed"},
		"no picture":         {made("metadata", known, "file", "x"), nil, 422, "no_picture"},
		"too large":          {made("metadata", known, "file", strings.Repeat("x", 90_000)), nil, 413, "too_large"},
		"without a key":      {whole, []string{"X-API-Key", ""}, 401, ""},
		"of a terminal":      {whole, []string{"X-API-Key", "hikvision"}, 403, ""},
	} {
		w := post(t, server, pictures, test.body, append([]string{"Content-Type", contentType}, test.header...)...)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, test.status, test.says)
		}
	}
	if len(s.shots) != 0 || len(s.taken()) != 0 {
		t.Errorf("taken are %+v", s.shots)
	}
	s.err = fault.New(fault.TooMany, "buffer.full").After(10 * time.Second)
	if w := post(t, server, pictures, whole, "Content-Type", contentType); w.Code != 429 || w.Header().Get("Retry-After") != "10" {
		t.Errorf("without room: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func boundaryOf(contentType string) string {
	_, boundary, _ := strings.Cut(contentType, "boundary=")
	return boundary
}

// v1's agents had no way to send a picture but to put it where its path goes.
func TestPicturesInPlaceOfPathsAreTaken(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 2000)
	bare := base64.StdEncoding.EncodeToString([]byte(png))
	item := func(path string) string {
		return `{"datetime":"2026-11-02T09:00:00Z","filePath":"` + path + `","processName":"p","title":"T"}`
	}
	body := []byte(`{"computerUid":"PC-1","userSid":"S-1","timestamp":"2026-11-02T09:00:00Z","data":[` + strings.Join([]string{
		item("/s/1.png"), item("data:image/png;base64," + bare), item(bare), item("data:image/png;base64,"), item("data:image/png;base64,####"),
		item("/9j/short"), item("data:text/html;base64," + bare),
	}, ",") + `]}`)
	for range 2 {
		if w := post(t, server, "/api/agent/screenshots", body); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(s.shots) != 2 || s.shots[0].content != png || s.shots[1].content != png || s.shots[0].FilePath != "" || s.shots[0].Source != "v1" || s.shots[0].Title != "T" {
		t.Errorf("%d pictures: %+v", len(s.shots), s.shots)
	}
	var paths, asides []string
	for _, e := range s.taken()[:5] {
		paths, asides = append(paths, e.FilePath), append(asides, e.Aside)
	}
	if want := []string{"/s/1.png", "unreadable_picture", "data:image/png;base64,####", "/9j/short", ("data:text/html;base64," + bare)[:activity.MaxPath]}; !slices.Equal(paths, want) {
		t.Errorf("the paths are %q, want %q", paths, want)
	}
	if want := []string{"", "unreadable_picture", "", "", ""}; !slices.Equal(asides, want) {
		t.Errorf("kept apart are %q, want %q", asides, want)
	}
	s.err = fault.New(fault.Unavailable, "buffer.unavailable").After(time.Second)
	if w := post(t, server, "/api/agent/screenshots", body); w.Code != 503 {
		t.Errorf("without room: %d %s", w.Code, w.Body)
	}
}

// FuzzPicture gives the route any metadata: what is taken is whole, what is not is the client's fault.
func FuzzPicture(f *testing.F) {
	for _, seed := range []string{known, "{}", "", "[]", `{"at":null}`, `{"computerUid":7,"computerUid":"x"}`, `{"id":"` + strings.Repeat("0", 40) + `"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := decodePicture(text)
		if err != nil {
			clientsFault(t, err)
			return
		}
		if whole(t, e); e.ComputerUID == "" || e.UserSID == "" || e.FilePath != "" {
			t.Fatalf("took %+v", e)
		}
	})
}

// Pictures are not held in memory while they come: what has come is taken before the rest is sent.
func TestAPictureIsNotHeldInMemory(t *testing.T) {
	t.Parallel()
	body, contentType := form(t, "metadata", known, "file", strings.Repeat("x", 1000))
	r := httptest.NewRequest("POST", pictures, bytes.NewReader(body[:len(body)-500]))
	r.Header.Set("Content-Type", contentType)
	e, file, err := readForm(r)
	if err != nil || e.Title != "Ekran" {
		t.Fatalf("%+v, %v", e, err)
	}
	if n, err := file.Read(make([]byte, 100)); n == 0 || err != nil {
		t.Errorf("the first bytes are not there: %d, %v", n, err)
	}
}
