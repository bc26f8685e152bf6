// Package blobtest is what every store of files must do, as tests, and a real S3 server for whoever needs one.
package blobtest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// startTimeout is for a machine that does many other things.
	startTimeout = 30 * time.Second
	poll         = 10 * time.Millisecond
	requestLimit = 10 * time.Second
)

// S3 is a server of a test's own, versitygw, with one empty bucket on a directory of the test's. It keeps what it knows
// of files in extended attributes, so that directory must be on a file system that has them.
type S3 struct {
	// Config is of a client that may do everything.
	Config blob.S3Config

	t               testing.TB
	binary, address string
	root            string
	said            bytes.Buffer

	mu      sync.Mutex
	process *exec.Cmd
}

// versitygw builds the server, or finds it built: the go command keeps it. It is pinned in configs/s3.mod, apart from
// the product's dependencies.
var versitygw = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	pinned := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "configs", "s3.mod")
	path, err := exec.Command("go", "tool", "-modfile="+pinned, "-n", "versitygw").Output()
	return strings.TrimSpace(string(path)), err
})

// Server starts a server that ends with the test. Where it cannot be built the test skips, and fails in CI.
func Server(t testing.TB) *S3 {
	t.Helper()
	if testing.Short() {
		t.Skip("the S3 server takes its time to build")
	}
	binary, err := versitygw()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("build the S3 server: %v", err)
		}
		t.Skipf("no S3 server: go tool versitygw: %v", err)
	}
	s := &S3{t: t, binary: binary, address: unused(t), root: t.TempDir()}
	s.Config = blob.S3Config{
		Region: "us-east-1", Endpoint: "http://" + s.address,
		AccessKey: "staff", SecretKey: "a-secret-of-this-test", Timeout: requestLimit,
	}
	s.Config.Bucket = s.Bucket()
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// Bucket makes one more empty bucket and returns its name.
func (s *S3) Bucket() string {
	s.t.Helper()
	name := "bucket-" + id.New().String()
	if err := os.Mkdir(filepath.Join(s.root, name), 0o700); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// unused is an address that nobody listened on a moment ago.
func unused(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start starts the server, at the address and with the files that it had before, and returns when it answers.
func (s *S3) Start() {
	s.t.Helper()
	s.said.Reset()
	process := exec.Command(s.binary, "--port", s.address, "--region", s.Config.Region, "--quiet", "--health", "/health", "posix", s.root)
	process.Env = []string{"ROOT_ACCESS_KEY=" + s.Config.AccessKey, "ROOT_SECRET_KEY=" + s.Config.SecretKey}
	process.Stdout, process.Stderr = &s.said, &s.said
	if err := process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for !s.answers(ctx) {
		select {
		case <-ctx.Done():
			s.Kill()
			s.t.Fatalf("the S3 server does not answer: %s", &s.said)
		case <-time.After(poll):
		}
	}
}

func (s *S3) answers(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/health", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Stop ends the server as an operator does.
func (s *S3) Stop() { s.end(os.Interrupt) }

// Kill ends the server at once, whatever it does. It may be called from any goroutine, and again.
func (s *S3) Kill() { s.end(os.Kill) }

func (s *S3) end(how os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(how) // an error only says that it has ended
	_ = s.process.Wait()
	s.process = nil
}
