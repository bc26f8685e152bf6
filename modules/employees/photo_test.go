package employees

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/picture"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

// cabinet keeps files in memory, by organization.
type cabinet struct {
	file.Store
	mu    sync.Mutex
	files map[string][]byte
	away  error
}

func newCabinet() *cabinet { return &cabinet{files: map[string][]byte{}} }

func drawer(ctx context.Context, path string) string {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		panic("files of no organization")
	}
	return fmt.Sprintf("%d:%s", a.OrganizationID, path)
}

func (c *cabinet) Put(ctx context.Context, n file.New, body io.Reader) (file.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away != nil {
		return file.File{}, c.away
	}
	data, err := io.ReadAll(body)
	c.files[drawer(ctx, n.Path)] = data
	return file.File{Path: n.Path}, err
}

func (c *cabinet) Open(ctx context.Context, path string) (io.ReadCloser, file.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, there := c.files[drawer(ctx, path)]
	if !there {
		return nil, file.File{}, file.ErrUnknown
	}
	return io.NopCloser(bytes.NewReader(data)), file.File{}, nil
}

func (c *cabinet) Delete(ctx context.Context, paths ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, path := range paths {
		delete(c.files, drawer(ctx, path))
	}
	return nil
}

// orders keeps what is ordered, for tests to run.
type orders struct{ all []erasure }

func (o *orders) Enqueue(_ context.Context, _ db.Tx, args any, _ ...jobs.Option) error {
	o.all = append(o.all, args.(erasure))
	return nil
}

func TestPhotosAreKeptSmallAndBare(t *testing.T) {
	t.Parallel()
	s := newStudio()
	for name, data := range picturetest.Samples(t) {
		out, err := s.develop(t.Context(), data, time.Now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, _ := picture.Inspect(data, photoLimits)
		if full := decoded(t, out.full); full.Bounds().Size() != picture.Fit(image.Pt(p.Width, p.Height), photoSide) {
			t.Errorf("%s of %d × %d is %v", name, p.Width, p.Height, full.Bounds())
		}
		if small := decoded(t, out.small).Bounds().Size(); small.X != small.Y || small.X > smallSide {
			t.Errorf("the small one of %s is %v", name, small)
		}
	}
	plain, err := picture.JPEG(image.NewGray(image.Rect(0, 0, 1000, 500)), 90)
	if err != nil {
		t.Fatal(err)
	}
	where := "Exif\x00\x00 41.3111 N 69.2797 E"
	told := slices.Concat(plain[:2], []byte{0xff, 0xe1, 0, byte(len(where) + 2)}, []byte(where), plain[2:])
	out, err := s.develop(t.Context(), told, time.Now)
	if err != nil || bytes.Contains(out.full, []byte("41.3111")) || bytes.Contains(out.full, []byte("Exif")) || bytes.Contains(out.small, []byte("Exif")) {
		t.Errorf("what the camera wrote beside the picture stays: %v", err)
	}
	if size := decoded(t, out.full).Bounds().Size(); size != image.Pt(640, 320) {
		t.Errorf("the photo is %v", size)
	}
}

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestWhatIsTransparentIsWhite(t *testing.T) {
	t.Parallel()
	out := onWhite(image.NewRGBA(image.Rect(0, 0, 2, 2)))
	if got := out.RGBAAt(1, 1); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("it is %v", got)
	}
}

func TestWhatIsNoPhotoIsRefused(t *testing.T) {
	t.Parallel()
	s := newStudio()
	for _, text := range []string{"", "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "GIF89a\x01\x00\x01\x00", "\xff\xd8\xff", "<html>", "%PDF-1.7"} {
		if _, err := s.develop(t.Context(), []byte(text), time.Now); fault.Of(err).Kind != fault.Unprocessable {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, data := range picturetest.Samples(t) {
		if strings.HasSuffix(name, ".png") {
			if _, err := s.develop(t.Context(), picturetest.Claiming(t, name, data, 16_000, 16_000), time.Now); fault.Of(err).Kind != fault.TooLarge {
				t.Errorf("%s that claims to be huge: %v", name, err)
			}
		}
	}
	if _, err := s.develop(t.Context(), make([]byte, maxPhoto+1), time.Now); fault.Of(err).Kind != fault.TooLarge {
		t.Errorf("too many bytes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.turn.Acquire(t.Context(), 1)
	if _, err := s.develop(ctx, picturetest.Samples(t)["full.jpg"], time.Now); !errors.Is(err, context.Canceled) {
		t.Errorf("who hangs up waits: %v", err)
	}
}

func TestPhotosOfEmployees(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		newEmployee(t, s, 1, "Nodira")
		newEmployee(t, s, 2, "Aziza")
		files := newCabinet()
		server := serverWith(t, kernel.Dashboard, d, files)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{2}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 1}
		const path, upload = "/api/v2/employees/1/photo", "/uploads/photos/employee_1.jpg"
		jpg, png := string(picturetest.Samples(t)["full.jpg"]), string(picturetest.Samples(t)["palette.png"])
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "none", As: hr, Path: path, Status: 404, Contains: []string{"employees.no_photo"}},
			httptestx.Scenario{Name: "no picture", As: hr, Method: "PUT", Path: path, Body: "<svg/>", Status: 422, Contains: []string{"employees.photo_unreadable"}},
			httptestx.Scenario{Name: "too large", As: hr, Method: "PUT", Path: path, Body: strings.Repeat("x", maxPhoto+1), Status: 413},
			httptestx.Scenario{Name: "by a lead", As: lead, Method: "PUT", Path: "/api/v2/employees/2/photo", Body: jpg, Status: 403},
			httptestx.Scenario{Name: "by others", As: other, Method: "PUT", Path: path, Body: jpg, Status: 404},
			httptestx.Scenario{Name: "of no number", As: hr, Method: "PUT", Path: "/api/v2/employees/x/photo", Body: jpg, Status: 404},
			httptestx.Scenario{Name: "given by the operator", As: operator, Method: "PUT", Path: path, Body: jpg, Status: 200, Contains: []string{`"photo":"/uploads/photos/employee_1.jpg"`, `"photoVersion":"`}},
			httptestx.Scenario{Name: "shown", As: guard, Path: path, Status: 200},
			httptestx.Scenario{Name: "small", As: guard, Path: path + "?size=small", Status: 200},
			httptestx.Scenario{Name: "in no other size", As: guard, Path: path + "?size=huge", Status: 400},
			httptestx.Scenario{Name: "by v1's path", As: guard, Path: upload, Status: 200},
			httptestx.Scenario{Name: "v1's path of others", As: other, Path: upload, Status: 404},
			httptestx.Scenario{Name: "v1's path of nothing", As: hr, Path: "/uploads/photos/..%2f1.jpg", Status: 404},
			httptestx.Scenario{Name: "to nobody", Path: upload, Status: 401},
			httptestx.Scenario{Name: "not to a lead of others", As: lead, Path: path, Status: 404},
			httptestx.Scenario{Name: "not to others", As: other, Path: path, Status: 404},
			httptestx.Scenario{Name: "not by others taken away", As: other, Method: "DELETE", Path: path, Status: 404},
			httptestx.Scenario{Name: "told to a guard", As: guard, Path: "/api/v2/employees/1", Status: 200, Contains: []string{`"photoVersion":"0`}},
			httptestx.Scenario{Name: "a change of something else leaves it", As: hr, Method: "PATCH", Path: "/api/v2/employees/1", Body: `{"phone":"+998","photo":"/uploads/photos/employee_1.jpg"}`, Status: 200, Contains: []string{`"photoVersion":"0`}},
			httptestx.Scenario{Name: "another", As: hr, Method: "PUT", Path: path, Body: png, Status: 200},
		)
		first := got(server, guard, path, "")
		if first.Code != 200 || first.Header().Get("Content-Type") != "image/jpeg" || first.Header().Get("Cache-Control") != "private, max-age=3600" || first.Header().Get("ETag") == "" {
			t.Errorf("%d %v", first.Code, first.Header())
		}
		if known, err := s.ByIDs(as(actor.Guard, 1), []int64{1, 2}); err != nil || `"`+known[1].PhotoVersion+`"` != first.Header().Get("ETag") || known[2].PhotoVersion != "" {
			t.Errorf("others know %+v, %v", known, err)
		}
		if again := got(server, guard, path, first.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("the same again: %d", again.Code)
		}
		beyond := httptest.NewRequest("GET", path, nil)
		beyond.Header.Set("Range", "bytes=99999999-")
		if w := asked(server, guard, beyond); w.Code != 416 || w.Body.Len() == 0 {
			t.Errorf("what is behind its end: %d %s", w.Code, w.Body)
		}
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "taken away", As: hr, Method: "DELETE", Path: path, Status: 204},
			httptestx.Scenario{Name: "again", As: hr, Method: "DELETE", Path: path, Status: 204},
			httptestx.Scenario{Name: "gone", As: hr, Path: path, Status: 404},
			httptestx.Scenario{Name: "told", As: hr, Path: "/api/v2/employees/1", Status: 200, Contains: []string{`"photo":"","photoVersion":""`}},
		)
		files.away = file.ErrLost
		if w := put(server, hr, path, jpg); w.Code < 400 {
			t.Errorf("a photo that was not stored: %d", w.Code)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action LIKE 'employee.photo_%'"); n != 3 {
			t.Errorf("%d entries in the audit", n)
		}
	})
}

func got(server *httpx.Server, as *actor.Actor, path, etag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	return asked(server, as, r)
}

type whoKey struct{}

func asked(server *httpx.Server, who *actor.Actor, r *http.Request) *httptest.ResponseRecorder {
	server.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		a, is := r.Context().Value(whoKey{}).(*actor.Actor)
		if !is {
			return actor.Actor{}, false, nil
		}
		return *a, true, nil
	})
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	return w
}

func put(server *httpx.Server, as *actor.Actor, path, body string) *httptest.ResponseRecorder {
	return asked(server, as, httptest.NewRequest("PUT", path, strings.NewReader(body)))
}

// A photo that nobody has any more is ordered to be erased in the transaction that says so, and its files go.
func TestPhotosAreErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		files, ordered := s.files.(*cabinet), s.orders.(*orders)
		jpg := picturetest.Samples(t)["full.jpg"]
		nodira, aziza := newEmployee(t, s, 1, "Nodira"), newEmployee(t, s, 1, "Aziza")
		set := func(id int64) string {
			t.Helper()
			row, err := s.setPhoto(as(actor.HR, 1), id, jpg)
			if err != nil {
				t.Fatal(err)
			}
			return row.PhotoFile
		}
		set(nodira)
		second := set(nodira)
		set(aziza)
		link := "https://example.uz/a.jpg"
		if _, err := s.update(admin(), aziza, employeeInput{Photo: &link}); err != nil {
			t.Fatal(err)
		}
		if len(files.files) != 6 || len(ordered.all) != 2 {
			t.Fatalf("%d files, orders %v", len(files.files), ordered.all)
		}
		for _, e := range ordered.all {
			if err := s.erase(admin(), e); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"1:" + second + ".jpg", "1:" + second + ".small.jpg"}
		if left := slices.Sorted(maps.Keys(files.files)); !slices.Equal(left, want) {
			t.Errorf("left are %v, want %v", left, want)
		}
		write(t, d, "INSERT INTO credentials (organization_id, employee_id, type, code, created_at, updated_at) VALUES (1, ?, 'CARD', 'x', ?, ?)", nodira, noon, noon)
		if deleted, err := s.remove(admin(), nodira); deleted || err != nil || len(ordered.all) != 2 {
			t.Errorf("who has a card is deleted: %v, %v, orders %v", deleted, err, ordered.all)
		}
		if _, err := s.get(admin(), nodira); err != nil {
			t.Fatal(err)
		}
		write(t, d, "DELETE FROM credentials")
		ordered.all = nil
		if deleted, err := s.remove(admin(), nodira); !deleted || err != nil {
			t.Fatal(deleted, err)
		}
		if len(ordered.all) != 1 || ordered.all[0] != (erasure{1, second}) {
			t.Errorf("ordered %v", ordered.all)
		}
	})
}

func TestV1WritesPhotosInBase64(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	fill(t, d)
	server := serverOn(t, d)
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	const path = "/api/v1/employees"
	photo := base64.StdEncoding.EncodeToString(picturetest.Samples(t)["full.jpg"])
	body := func(photo string) string { return `{"departmentId":1,"name":"Xodim","photo":"` + photo + `"}` }
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "bare", As: hr, Path: path, Body: body(photo), Status: 201, Contains: []string{`"photo":"/uploads/photos/employee_1.jpg"`}},
		httptestx.Scenario{Name: "read", As: hr, Path: "/uploads/photos/employee_1.jpg", Status: 200},
		httptestx.Scenario{Name: "a data URL", As: hr, Path: path, Body: body("data:image/jpeg;base64," + photo), Status: 201, Contains: []string{`"photo":"/uploads/photos/employee_2.jpg"`}},
		httptestx.Scenario{Name: "no picture", As: hr, Path: path, Body: body("data:image/svg+xml;base64,PHN2Zy8+"), Status: 422},
		httptestx.Scenario{Name: "made nobody", As: hr, Path: path, Status: 200, Contains: []string{`"total":2`}},
		httptestx.Scenario{Name: "a path stays one", As: hr, Path: path, Body: body("employees/20.jpg"), Status: 201, Contains: []string{`"photo":"employees/20.jpg"`}},
		httptestx.Scenario{Name: "its path again", As: hr, Method: "PUT", Path: path + "/1", Body: `{"photo":"/uploads/photos/employee_1.jpg","name":"Boshqa"}`, Status: 200, Contains: []string{`"photo":"/uploads/photos/employee_1.jpg"`}},
		httptestx.Scenario{Name: "still read", As: hr, Path: "/uploads/photos/employee_1.jpg", Status: 200},
		httptestx.Scenario{Name: "changed", As: hr, Method: "PUT", Path: path + "/3", Body: `{"photo":"` + photo + `"}`, Status: 200, Contains: []string{`"photo":"/uploads/photos/employee_3.jpg"`}},
		httptestx.Scenario{Name: "taken away", As: hr, Method: "PUT", Path: path + "/1", Body: `{"photo":null}`, Status: 200, Contains: []string{`"photo":null`}},
		httptestx.Scenario{Name: "gone", As: hr, Path: "/uploads/photos/employee_1.jpg", Status: 404},
	)
}
