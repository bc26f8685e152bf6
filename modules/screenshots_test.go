package modules_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shownShot is an item of the gallery, with the fields that these tests look at.
type shownShot struct {
	ID, ComputerUID, EmployeeName, Title string
	HasPicture                           bool
	Width                                int
}

type shownGallery struct {
	Items   []shownShot
	CanOpen bool
	Policy  *struct{ Enabled, Grayscale bool }
}

// colourful is a picture in two colours, as PNG.
func colourful(t testing.TB, left color.RGBA) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for y := range 360 {
		for x := range 640 {
			c := color.RGBA{255, 255, 255, 255}
			if x < 320 {
				c = left
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// deliverPicture posts a picture as a gateway does.
func deliverPicture(t testing.TB, s *site, gatewayKey string, metadata map[string]any, picture []byte) (int, map[string]any) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	told, err := json.Marshal(metadata)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.WriteField("metadata", string(told)) // writing to a buffer cannot fail
	part, _ := w.CreateFormFile("file", "x.png")
	_, _ = part.Write(picture)
	_ = w.Close()
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/ingest/screenshots", map[string]string{
		"Authorization": "Bearer " + gatewayKey, "Content-Type": w.FormDataContentType(),
	}, body.Bytes())
	out := map[string]any{}
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatalf("%d %s", status, answer)
	}
	return status, out
}

// filesIn are the files below a directory.
func filesIn(t testing.TB, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A picture goes all the way: from a gateway to the files and the row, blurred into the gallery of the person's day,
// and sharp to who says why.
func TestAScreenshotFromTheGatewayToTheGallery(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		screenshotsAllTheWay(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		screenshotsAllTheWay(t, onPostgres(t))
	})
}

func screenshotsAllTheWay(t *testing.T, s *site) {
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	alpha, beta := newTenant(t, s, "ALPHA"), newTenant(t, s, "BETA")
	stored := filepath.Join(s.data, "files")
	before := len(filesIn(t, stored))
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	told := map[string]any{"key": "one", "epoch": "e", "stream": "picture", "seq": 1, "computerUid": "PC-ALPHA", "userSid": "S-ALPHA", "at": at, "title": "ALPHA report"}
	blue := colourful(t, color.RGBA{0, 0, 200, 255})
	sum := sha256.Sum256(blue)
	told["sha256"] = hex.EncodeToString(sum[:])

	status, first := deliverPicture(t, s, alpha.gatewayKey, told, blue)
	if status != 200 || first["duplicateDetected"] != false || first["sha256"] != told["sha256"] || first["size"] != float64(len(blue)) {
		t.Fatalf("%d %v", status, first)
	}
	if status, again := deliverPicture(t, s, alpha.gatewayKey, told, blue); status != 200 || again["duplicateDetected"] != true || again["filePath"] != first["filePath"] {
		t.Errorf("again: %d %v", status, again)
	}
	if status, theirs := deliverPicture(t, s, beta.gatewayKey, told, blue); status != 200 || theirs["duplicateDetected"] != false || theirs["filePath"] == first["filePath"] {
		t.Errorf("another organization with the same key: %d %v", status, theirs)
	}
	if n := len(filesIn(t, stored)) - before; n != 6 {
		t.Errorf("%d files are stored for two pictures", n)
	}
	for what, picture := range map[string][]byte{"cut off": blue[:len(blue)/2], "no picture": []byte("hello")} {
		told := map[string]any{"key": what, "computerUid": "PC-ALPHA", "userSid": "S-ALPHA", "at": at}
		if status, answer := deliverPicture(t, s, alpha.gatewayKey, told, picture); status != 422 || answer["code"] != "unreadable_picture" {
			t.Errorf("%s: %d %v", what, status, answer)
		}
	}

	hr, lead, theirs := bearer(alpha, "HR"), bearer(alpha, "DEPARTMENT_LEAD"), bearer(beta, "HR")
	day := "/api/v2/screenshots?employee=" + alpha.ids["/api/v2/employees"] + "&date="
	var g shownGallery
	ask := func(header map[string]string, path string, out any) int {
		t.Helper()
		status, answer := call(t, http.MethodGet, s.dashboard+path, header, nil)
		if out != nil && json.Unmarshal(answer, out) != nil {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
		return status
	}
	zone := time.FixedZone("Asia/Tashkent", 5*3600)
	if status := ask(hr, day+at.In(zone).Format(time.DateOnly), &g); status != 200 || !g.CanOpen || g.Policy == nil || !g.Policy.Enabled {
		t.Errorf("the day: %d %+v", status, g)
	}
	var one shownShot
	for _, i := range g.Items {
		if i.Title == "ALPHA report" {
			one = i
		}
	}
	if !one.HasPicture || one.EmployeeName != "ALPHA employee" || one.Width != 640 {
		t.Fatalf("the gallery of the day: %+v", g.Items)
	}
	path := "/api/v2/screenshots/" + one.ID
	for who, header := range map[string]map[string]string{"HR": hr, "lead": lead} {
		status, picture := call(t, http.MethodGet, s.dashboard+path+"/blurred", header, nil)
		img, err := jpeg.Decode(bytes.NewReader(picture))
		if status != 200 || err != nil || img.Bounds().Dx() != 480 {
			t.Errorf("blurred for %s: %d, %v", who, status, err)
		}
	}
	reason := map[string]string{"reason": "shikoyat tekshiruvi"}
	if status, answer := call(t, http.MethodPost, s.dashboard+path+"/open", lead, reason); status != 403 {
		t.Errorf("a lead opens it: %d %s", status, answer)
	}
	for _, rest := range []string{"/blurred", "/picture", "/thumbnail"} {
		if status := ask(theirs, path+rest, nil); status != 404 {
			t.Errorf("another organization asks for %s: %d", rest, status)
		}
	}
	status, answer := call(t, http.MethodPost, s.dashboard+path+"/open", hr, reason)
	var opened struct {
		URL       string
		ExpiresAt time.Time
	}
	if err := json.Unmarshal(answer, &opened); err != nil || status != 200 || time.Until(opened.ExpiresAt) > 6*time.Minute {
		t.Fatalf("open: %d %s", status, answer)
	}
	if status, picture := call(t, http.MethodGet, s.dashboard+opened.URL, hr, nil); status != 200 || !bytes.Equal(picture, blue) {
		t.Errorf("the picture: %d, %d bytes", status, len(picture))
	}
	var own struct {
		Items []struct{ ID, Path, Kind string }
	}
	if status := ask(hr, "/api/v2/storage/files?kind=screenshot", &own); status == 200 {
		for _, f := range own.Items { // no way round the reason
			if status := ask(hr, "/api/v2/storage/files/"+f.ID+"/content", nil); status != 403 {
				t.Errorf("the file by itself: %d", status)
			}
		}
	}
	if status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/storage/usage", hr, nil); status != 200 || !strings.Contains(string(answer), `"kind":"screenshot"`) {
		t.Errorf("usage: %d %s", status, answer)
	}
}

// An agent's key and time are its own words. What it sends again with another time is another screenshot, or none: the
// first one's picture stays. What was told before its picture came gets it.
func TestScreenshotsShareNoFiles(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		screenshotsShareNoFiles(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		screenshotsShareNoFiles(t, onPostgres(t))
	})
}

func screenshotsShareNoFiles(t *testing.T, s *site) {
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	n := newTenant(t, s, "ALPHA")
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	send := func(at time.Time, title string, c color.RGBA) (sum string, answer map[string]any) {
		t.Helper()
		picture := colourful(t, c)
		status, answer := deliverPicture(t, s, n.gatewayKey, map[string]any{"key": "one", "computerUid": "PC-SHARE", "userSid": "S", "at": at, "title": title}, picture)
		if status != 200 {
			t.Fatalf("%s: %d %v", title, status, answer)
		}
		of := sha256.Sum256(picture)
		return hex.EncodeToString(of[:]), answer
	}
	first, _ := send(at, "first", color.RGBA{200, 0, 0, 255})
	second, _ := send(at.Add(time.Second), "second", color.RGBA{0, 200, 0, 255})
	if _, answer := send(at.Add(30*time.Minute), "later", color.RGBA{0, 0, 200, 255}); answer["quarantined"] != true {
		t.Errorf("what is still to come: %v", answer)
	}
	told := fmt.Sprintf(`{"data":[{"type":"screenshot","key":"one","computerUid":"PC-SHARE","userSid":"S","at":%q,"title":"told","filePath":"C:\\x.png"}]}`,
		at.Add(2*time.Second).Format(time.RFC3339))
	if status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/ingest/logs", map[string]string{"Authorization": "Bearer " + n.gatewayKey}, told); status != 200 {
		t.Fatalf("told: %d %s", status, answer)
	}
	third, answer := send(at.Add(2*time.Second), "told", color.RGBA{9, 9, 200, 255})
	if answer["duplicateDetected"] != false {
		t.Errorf("the picture of what was told: %v", answer)
	}
	hr, sums := bearer(n, "HR"), map[string]string{}
	var g shownGallery
	s.get(t, "/api/v2/screenshots?computer=PC-SHARE", &g)
	for _, i := range g.Items {
		path := s.dashboard + "/api/v2/screenshots/" + i.ID
		call(t, http.MethodPost, path+"/open", hr, map[string]string{"reason": "shikoyat"})
		status, picture := call(t, http.MethodGet, path+"/picture", hr, nil)
		of := sha256.Sum256(picture)
		if sums[i.Title] = hex.EncodeToString(of[:]); status != 200 || !i.HasPicture {
			t.Errorf("%+v: %d", i, status)
		}
	}
	if len(g.Items) != 3 || sums["first"] != first || sums["second"] != second || sums["told"] != third {
		t.Errorf("the gallery %+v has %v; sent were %s, %s and %s", g.Items, sums, first, second, third)
	}
}

func bearer(n tenant, role string) map[string]string {
	for r, token := range n.tokens {
		if r.String() == role {
			return map[string]string{"Authorization": "Bearer " + token}
		}
	}
	return nil
}

// While the files have no place there is no row either, and what the sender tries again is stored.
func TestScreenshotsWithoutStorage(t *testing.T) {
	t.Parallel()
	files := filepath.Join(t.TempDir(), "files")
	s := newSite(t, "STAFF_STORAGE__BASE_PATH="+files)
	stop := s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	n := newTenant(t, s, "ALPHA")
	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	told := map[string]any{"key": "one", "computerUid": "PC-ALPHA", "userSid": "S", "at": time.Now().UTC().Add(-time.Hour), "title": "ALPHA lost"}
	picture := colourful(t, color.RGBA{9, 9, 9, 255})
	if status, answer := deliverPicture(t, s, n.gatewayKey, told, picture); status != 503 {
		t.Errorf("without storage: %d %v", status, answer)
	}
	titles := func() (all []string) {
		for _, i := range s.rows(t, "screenshots", "computer=PC-ALPHA") {
			all = append(all, i.Title)
		}
		return all
	}
	if all := fmt.Sprint(titles()); strings.Contains(all, "lost") {
		t.Errorf("there is a row: %v", all)
	}
	stop()
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	if status, answer := deliverPicture(t, s, n.gatewayKey, told, picture); status != 200 || answer["duplicateDetected"] != false {
		t.Errorf("with storage: %d %v", status, answer)
	}
	if all := fmt.Sprint(titles()); !strings.Contains(all, "lost") {
		t.Errorf("there is no row: %v", all)
	}
}

// picture sends the tenant a screenshot, marked, and returns its id.
func (n tenant) picture(t *testing.T, s *site) string {
	t.Helper()
	status, answer := deliverPicture(t, s, n.gatewayKey, map[string]any{
		"key": "picture of " + n.mark, "computerUid": "PC-" + n.mark, "userSid": "S-" + n.mark, "at": time.Now().UTC().Add(-time.Hour), "title": n.mark + " picture",
	}, colourful(t, color.RGBA{0, 99, 0, 255}))
	if status != http.StatusOK {
		t.Fatalf("picture: %d %v", status, answer)
	}
	var g shownGallery
	s.get(t, "/api/v2/screenshots?computer=PC-"+n.mark, &g)
	for _, i := range g.Items {
		if i.HasPicture {
			return i.ID
		}
	}
	t.Fatalf("the gallery lacks the picture: %+v", g)
	return ""
}
