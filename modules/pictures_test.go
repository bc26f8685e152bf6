package modules_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/blob/blobtest"
	"github.com/staff-control/staff-control/platform/id"
)

// The S3 server is killed while pictures are uploaded, and so are gateway and agent-api. At the end each picture that
// an agent got a yes for is in the bucket with a row of its own, once, and no row is without its picture.
func TestPicturesSurviveAStorageThatIsKilled(t *testing.T) {
	t.Parallel()
	s3 := blobtest.Server(t)
	picturesSurvive(t, newSite(t, storedIn(s3)...), s3, 3)
}

// storedIn are the settings of a site that keeps its files there.
func storedIn(s3 *blobtest.S3) []string {
	return []string{
		"STAFF_STORAGE__DRIVER=" + blob.MinIO, "STAFF_STORAGE__BUCKET=" + s3.Config.Bucket, "STAFF_STORAGE__ENDPOINT=" + s3.Config.Endpoint,
		"STAFF_STORAGE__ACCESS_KEY=" + s3.Config.AccessKey, "STAFF_STORAGE__SECRET_KEY=" + s3.Config.SecretKey,
	}
}

func picturesSurvive(t *testing.T, s *site, s3 *blobtest.S3, rounds int) {
	t.Helper()
	server, gateway := s.spawnRoles(t)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(t, "the gateway takes the key", func() bool {
		status, _, err := sendPicture(s, key, id.New().String(), "first", screen(0))
		return err == nil && status == http.StatusOK
	})
	ctx, stop := context.WithCancel(context.Background())
	said := make(chan map[string]string)
	const agents = 2
	for n := range agents {
		go func() { said <- photographer(ctx, s, key, n) }()
	}
	rng := rand.New(rand.NewPCG(uint64(rounds), uint64(time.Now().UnixNano())))
	for range rounds {
		pause(t, time.Duration(200+rng.IntN(600))*time.Millisecond)
		refusals := strings.Count(s.log.String(), "answered 503")
		s3.Kill()
		until(t, "a picture finds no storage", func() bool { return strings.Count(s.log.String(), "answered 503") > refusals })
		victim := []*process{gateway, server}[rng.IntN(2)]
		pause(t, time.Duration(rng.IntN(300))*time.Millisecond)
		victim.kill(t)
		victim.start(t)
		pause(t, time.Duration(rng.IntN(300))*time.Millisecond)
		s3.Start()
	}
	pause(t, 300*time.Millisecond)
	stop()
	acknowledged := map[string]string{}
	for range agents {
		for title, sum := range <-said {
			acknowledged[title] = sum
		}
	}
	if len(acknowledged) < 5*rounds {
		t.Fatalf("only %d pictures were acknowledged: nothing was tried", len(acknowledged))
	}
	ready(t, s.gateway, s.agentAPI)
	rows := s.pictures(t, acknowledged)
	sums := sumsIn(t, s3)
	for title, n := range rows {
		if sum := acknowledged[title]; n != 1 || sum != "" && !sums[sum] {
			t.Errorf("picture %s has %d rows, and is in the bucket: %v", title, n, sums[sum])
		}
	}
	t.Logf("%d rounds, %d pictures acknowledged, %d rows, %d files", rounds, len(acknowledged), len(rows), len(sums))
}

// pictures waits until all that was acknowledged has a row, looks at the picture of each row, and counts the rows.
func (s *site) pictures(t *testing.T, acknowledged map[string]string) map[string]int {
	t.Helper()
	rows := map[string]int{}
	within(t, 3*time.Minute, "everything acknowledged is stored", func() bool {
		clear(rows)
		for _, p := range s.gallery(t) {
			rows[p.Title]++
		}
		for title := range acknowledged {
			if rows[title] == 0 {
				return false
			}
		}
		return true
	})
	for _, p := range s.gallery(t) {
		status, _ := call(t, http.MethodGet, s.dashboard+"/api/v2/screenshots/"+p.ID+"/blurred", map[string]string{"Authorization": "Bearer " + s.token}, nil)
		if status != http.StatusOK || !p.HasPicture {
			t.Errorf("the row %+v has no picture: %d", p, status)
		}
	}
	return rows
}

type pictured struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	HasPicture bool   `json:"hasPicture"`
}

// gallery reads all pages of the list of pictures.
func (s *site) gallery(t testing.TB) (all []pictured) {
	t.Helper()
	for after := ""; ; {
		var page struct {
			Items []pictured `json:"items"`
			Next  string     `json:"next"`
		}
		s.get(t, "/api/v2/screenshots?limit=1000&after="+after, &page)
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			return all
		}
	}
}

// sumsIn hashes every file in the bucket.
func sumsIn(t *testing.T, s3 *blobtest.S3) map[string]bool {
	t.Helper()
	files, err := blob.New(blob.Config{Driver: blob.MinIO, Bucket: s3.Config})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	sums := map[string]bool{}
	for f, err := range files.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := files.Open(t.Context(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		_, err = io.Copy(sum, body)
		if body.Close(); err != nil {
			t.Fatal(err)
		}
		sums[hex.EncodeToString(sum.Sum(nil))] = true
	}
	return sums
}

// photographer sends pictures as an agent does, each until it is acknowledged, and returns the sums of those that were.
func photographer(ctx context.Context, s *site, key string, n int) map[string]string {
	acknowledged := map[string]string{}
	for shot := 0; ctx.Err() == nil; shot++ {
		title, picture := fmt.Sprintf("%d-%d", n, shot), screen(n*1_000_000+shot+1)
		sum := sha256.Sum256(picture)
		name := id.New().String()
		for ctx.Err() == nil {
			status, _, err := sendPicture(s, key, name, title, picture)
			if err == nil && status == http.StatusOK {
				acknowledged[title] = hex.EncodeToString(sum[:])
				break
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return acknowledged
}

func sendPicture(s *site, key, name, title string, picture []byte) (status int, answer []byte, err error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	metadata := fmt.Sprintf(`{"id":%q,"computerUid":"PC-1","userSid":"S-1","at":%q,"title":%q}`, name, time.Now().UTC().Format(time.RFC3339Nano), title)
	if err := w.WriteField("metadata", metadata); err != nil {
		return 0, nil, err
	}
	part, err := w.CreateFormFile("file", "screen.jpg")
	if err != nil {
		return 0, nil, err
	}
	if _, err := part.Write(picture); err != nil {
		return 0, nil, err
	}
	if err := w.Close(); err != nil {
		return 0, nil, err
	}
	header := agent(key)
	header["Content-Type"] = w.FormDataContentType()
	return send(http.MethodPost, s.gateway+"/v2/agent/screenshots", header, body.Bytes())
}

// screen is a picture of coarse noise, each number another.
func screen(n int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for y := 0; y < 200; y += 8 {
		for x := 0; x < 320; x += 8 {
			c := color.RGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
			for i := range 64 {
				img.SetRGBA(x+i%8, y+i/8, c)
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// A picture goes all the way also where agents report to agent-api directly, where v1's agents put it in place of a
// path, and where its file is kept on a disk; what is none is refused at the gateway.
func TestPicturesGoAllTheWay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t, "role=all")
	ready(t, s.dashboard, s.gateway, s.agentAPI)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	for n, address := range []string{s.gateway, s.agentAPI} {
		direct := *s
		direct.gateway = address
		name := id.New().String()
		for range 2 {
			until(t, address+" takes the picture", func() bool {
				status, _, err := sendPicture(&direct, key, name, fmt.Sprint("v2-", n), screen(n))
				return err == nil && status == http.StatusOK
			})
		}
		if status, answer, err := sendPicture(&direct, key, id.New().String(), "none", []byte(strings.Repeat("no picture", 100))); err != nil || status != http.StatusUnprocessableEntity {
			t.Errorf("what is no picture: %d %s (%v)", status, answer, err)
		}
		batch := fmt.Sprintf(`{"computerUid":"PC-1","userSid":"S-1","timestamp":%q,"data":{"datetime":%[1]q,"filePath":"data:image/jpeg;base64,%[2]s","processName":"p","title":"v1-%d"}}`,
			time.Now().UTC().Format(time.RFC3339), base64.StdEncoding.EncodeToString(screen(10+n)), n)
		if status, answer := call(t, http.MethodPost, address+"/api/agent/screenshots", agent(key), batch); status != http.StatusOK {
			t.Errorf("v1's batch: %d %s", status, answer)
		}
	}
	rows := s.pictures(t, map[string]string{"v2-0": "", "v2-1": "", "v1-0": "", "v1-1": ""})
	if len(rows) != 4 {
		t.Errorf("the rows are %v", rows)
	}
}
