package blob_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/blob/blobtest"
)

func TestS3(t *testing.T) {
	t.Parallel()
	onServer(t, blob.S3)
}

func TestMinIO(t *testing.T) {
	t.Parallel()
	onServer(t, blob.MinIO)
}

func onServer(t *testing.T, driver string) {
	server := blobtest.Server(t)
	blobtest.Store(t, func(t *testing.T, now func() time.Time) blob.Store {
		cfg := server.Config
		cfg.Bucket = server.Bucket()
		return open(t, blob.Config{Driver: driver, Bucket: cfg, Now: now})
	})
}

// Settings alone say which server, and who we are there.
func TestTheEnvironmentIsNotAsked(t *testing.T) {
	server := blobtest.Server(t)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other", "AWS_REGION": "mars-1",
		"AWS_PROFILE": "none", "HTTP_PROXY": "http://127.0.0.1:1", "AWS_CONFIG_FILE": "/nothing",
	} {
		t.Setenv(name, value)
	}
	s := open(t, blob.Config{Driver: blob.S3, Bucket: server.Config})
	o, err := s.Put(t.Context(), "a/b", strings.NewReader("text"), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "s3://" + server.Config.Bucket + "/a/b"; o.Locator != want {
		t.Errorf("it is at %s, want %s", o.Locator, want)
	}
}

func TestWhereTheBucketStandsInAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		driver, endpoint, public string
		pathStyle                bool
		host, path               string
	}{
		{blob.S3, "", "", false, "files.s3.eu-central-1.amazonaws.com", "/a/b.jpg"},
		{blob.S3, "https://s3.example.uz", "", false, "files.s3.example.uz", "/a/b.jpg"},
		{blob.S3, "https://s3.example.uz", "", true, "s3.example.uz", "/files/a/b.jpg"},
		{blob.MinIO, "http://minio:9000", "", false, "minio:9000", "/files/a/b.jpg"},
		{blob.MinIO, "http://minio:9000", "https://files.example.uz", false, "files.example.uz", "/files/a/b.jpg"},
	} {
		s := open(t, blob.Config{Driver: c.driver, Bucket: blob.S3Config{
			Bucket: "files", Region: "eu-central-1", Endpoint: c.endpoint, PublicEndpoint: c.public, PathStyle: c.pathStyle, AccessKey: "a", SecretKey: "b", Timeout: time.Second,
		}})
		text, err := s.URL(t.Context(), "a/b.jpg", time.Minute, `attachment; filename=b.jpg`)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(text)
		if err != nil || u.Host != c.host || u.Path != c.path || u.Query().Get("X-Amz-Expires") != "60" || u.Query().Get("response-content-disposition") != "attachment; filename=b.jpg" {
			t.Errorf("%+v: the address is %s, %v", c, text, err)
		}
	}
}

func TestABucketThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	cfg := server.Config
	cfg.Bucket = "nothing-here"
	s := open(t, blob.Config{Driver: blob.MinIO, Bucket: cfg})
	if err := s.Check(t.Context()); err == nil {
		t.Error("the check passes")
	}
	if _, _, err := s.Open(t.Context(), "a"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open: error is %v, which looks like a missing file", err)
	}
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), blob.Options{}); err == nil {
		t.Error("a file was stored")
	}
}

// The server is killed in the middle of a large upload: there is no half of a file, the upload can be made again, and
// what the server kept of the first is swept away.
func TestAServerKilledDuringALargeUpload(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	s := open(t, blob.Config{Driver: blob.S3, Bucket: server.Config})
	whole := bytes.Repeat([]byte("0123456789abcdef"), 40<<16)
	var kill sync.Once
	cut := &hooked{r: bytes.NewReader(whole), at: 20 << 20, then: func() { kill.Do(server.Kill) }}
	if _, err := s.Put(t.Context(), "a/large", cut, blob.Options{}); err == nil {
		t.Fatal("the upload was acknowledged")
	}
	if err := s.Check(t.Context()); err == nil {
		t.Error("the check passes without a server")
	}
	server.Start()
	if _, err := s.Stat(t.Context(), "a/large"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat: error is %v", err)
	}
	if files, err := blobtest.List(t.Context(), s, ""); err != nil || len(files) != 0 {
		t.Errorf("listed is %+v, %v", files, err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("of the last hour were swept %d, %v", n, err)
	}
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := s.Put(t.Context(), "a/large", bytes.NewReader(whole), blob.Options{}); err != nil {
		t.Fatal(err)
	}
	body, _, err := s.Open(t.Context(), "a/large")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

// hooked calls then once it has given as many bytes.
type hooked struct {
	r    io.Reader
	at   int
	then func()
}

func (h *hooked) Read(p []byte) (int, error) {
	if h.at -= len(p); h.at < 0 {
		h.then()
	}
	return h.r.Read(p)
}

// The server is killed, three times, while many small files come: what was acknowledged is there, whole, and nothing
// is there in part.
func TestAServerKilledUnderManyUploads(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	s := open(t, blob.Config{Driver: blob.MinIO, Bucket: server.Config})
	var number atomic.Int64
	var mu sync.Mutex
	stored := map[string]bool{}
	for range 3 {
		var wait sync.WaitGroup
		enough := make(chan struct{}, 100)
		for range 4 {
			wait.Go(func() {
				for {
					path := fmt.Sprintf("org-1/%d", number.Add(1))
					if _, err := s.Put(t.Context(), path, bytes.NewReader(fileOf(path)), blob.Options{}); err != nil {
						return // killed
					}
					mu.Lock()
					stored[path] = true
					mu.Unlock()
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 20 {
			<-enough
		}
		server.Kill()
		wait.Wait()
		server.Start()
	}
	files, err := blobtest.List(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		body, _, err := s.Open(t.Context(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, fileOf(f.Path)) {
			t.Errorf("%s has %d bytes, %v", f.Path, len(got), err)
		}
		body.Close()
		delete(stored, f.Path)
	}
	if len(stored) != 0 || len(files) < 60 {
		t.Errorf("%d of %d files are there; acknowledged and lost: %v", len(files), number.Load(), stored)
	}
}

// fileOf is the content that only the path has.
func fileOf(path string) []byte {
	sum := sha256.Sum256([]byte(path))
	return bytes.Repeat(sum[:], 1<<12)
}

// What goes to the server is signed with its content's hash, in the form that the simplest of servers knows.
func TestRequestsAreSignedWithTheirContent(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if sum := fmt.Sprintf("%x", sha256.Sum256(body)); err != nil || r.Header.Get("X-Amz-Content-Sha256") != sum {
			t.Errorf("%s %s: the hash is %s, of the content %s, %v", r.Method, r.URL, r.Header.Get("X-Amz-Content-Sha256"), sum, err)
		}
		day := time.Now().UTC().Format("20060102")
		if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, "AWS4-HMAC-SHA256 Credential=key/"+day+"/tashkent/s3/aws4_request, ") {
			t.Errorf("the signature is %s", a)
		}
		if r.URL.Path != "/files/a/Ў b.jpg" || r.Header.Get("Content-Encoding") != "" || r.Header.Get("X-Amz-Trailer") != "" || string(body) != "picture" {
			t.Errorf("%s with %q, headers %v", r.URL.Path, body, r.Header)
		}
	}))
	t.Cleanup(server.Close)
	s := open(t, blob.Config{Driver: blob.MinIO, Bucket: blob.S3Config{Bucket: "files", Region: "tashkent", Endpoint: server.URL, AccessKey: "key", SecretKey: "secret", Timeout: time.Second}})
	if _, err := s.Put(t.Context(), "a/Ў b.jpg", strings.NewReader("picture"), blob.Options{}); err != nil || asked.Load() != 1 {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
}

// A server that has a bad moment is asked again, with the same content; one that refuses is not.
func TestAServersBadMoment(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int64{http.StatusServiceUnavailable: 2, http.StatusInternalServerError: 2, http.StatusForbidden: 1} {
		var asked atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != "picture" {
				t.Errorf("the content is %q, %v", body, err)
			}
			if asked.Add(1) == 1 {
				w.WriteHeader(status)
			}
		}))
		s := open(t, blob.Config{Driver: blob.MinIO, Bucket: blob.S3Config{Bucket: "files", Region: "r", Endpoint: server.URL, AccessKey: "key", SecretKey: "secret", Timeout: 10 * time.Second}})
		if _, err := s.Put(t.Context(), "a", strings.NewReader("picture"), blob.Options{}); (err == nil) != (want == 2) || asked.Load() != want {
			t.Errorf("after %d asked %d times, %v", status, asked.Load(), err)
		}
		server.Close()
	}
}

// A server that answers and then falls silent does not hold its reader for ever.
func TestAServerThatFallsSilent(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
		}
		<-over
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(over) })
	s := open(t, blob.Config{Driver: blob.MinIO, Bucket: blob.S3Config{Bucket: "files", Region: "us-east-1", Endpoint: silent.URL, AccessKey: "a", SecretKey: "b", Timeout: 100 * time.Millisecond}})
	body, _, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); string(got) != "half" || err == nil || !strings.Contains(err.Error(), "silent") {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Stat(t.Context(), "a"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat: error is %v", err)
	}
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), blob.Options{}); err == nil {
		t.Error("a file was stored")
	}
}
