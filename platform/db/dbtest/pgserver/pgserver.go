// Package pgserver starts throwaway PostgreSQL servers, and stops and kills them as a test likes.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind says what a server is for.
type Kind int

// Hasty is quick, and forgets what it committed last when it is killed: for tests that do not kill it. Sure remembers.
const (
	Hasty Kind = iota
	Sure
)

func (k Kind) settings() []string {
	if k == Sure {
		return []string{"synchronous_commit=on", "shared_buffers=32MB"}
	}
	return []string{"synchronous_commit=off", "shared_buffers=256MB", "max_wal_size=4GB"}
}

// Server is a PostgreSQL server in a directory of its own, reached through a socket there.
type Server struct {
	// URL is its address, as the superuser postgres.
	URL string

	dir, bin, options string
	as                *syscall.Credential
	running           bool
}

// ErrNotInstalled is what New returns where there is no PostgreSQL.
var ErrNotInstalled = errors.New("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")

// New makes a server and starts it. Whoever calls it calls Remove.
func New(k Kind) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, URL: "postgres://postgres@/postgres?host=" + dir}
	if err := s.make(k); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *Server) make(k Kind) error {
	if err := s.own(); err != nil {
		return err
	}
	if err := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	settings := append([]string{
		"port=5432", "listen_addresses=''", "unix_socket_directories='" + s.dir + "'", "fsync=off", "full_page_writes=off",
		"max_connections=300", "autovacuum_naptime=1h", "log_min_messages=fatal",
	}, k.settings()...)
	if s.has("timescaledb") {
		// Its workers would hold the databases that tests clone, and do what tests want to do themselves.
		settings = append(settings, "shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off", "timescaledb.max_background_workers=0")
	}
	s.options = "-c " + strings.Join(settings, " -c ")
	return s.Start()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts a server that was stopped or killed, and returns when it answers.
func (s *Server) Start() error {
	log := filepath.Join(s.dir, "log")
	if err := s.command("pg_ctl", "-D", s.data(), "-w", "-t", "60", "-l", log, "-o", s.options, "start").Run(); err != nil {
		said, _ := os.ReadFile(log)
		return fmt.Errorf("start PostgreSQL: %w\n%s", err, said)
	}
	s.running = true
	return nil
}

// Stop ends the server at once, with its connections: what it had not committed is lost, as when its host is shut down.
func (s *Server) Stop() error { return s.stop("fast") }

func (s *Server) stop(mode string) error {
	if err := s.command("pg_ctl", "-D", s.data(), "-w", "-t", "60", "-m", mode, "stop").Run(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	s.running = false
	return nil
}

// Kill ends all processes of the server with the signal that none can catch, and returns when they are gone.
func (s *Server) Kill(ctx context.Context) error {
	said, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(said), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	all := append(children(pid), pid)
	for _, p := range all {
		if err := syscall.Kill(p, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill %d: %w", p, err)
		}
	}
	s.running = false
	if err := gone(ctx, all); err != nil {
		return err
	}
	// Its locks name a process that may stay as a zombie, which a new server takes for an old one.
	return errors.Join(os.Remove(filepath.Join(s.data(), "postmaster.pid")), os.Remove(filepath.Join(s.dir, ".s.PGSQL.5432.lock")))
}

// children are the processes that pid started.
func children(pid int) (all []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range tasks {
		said, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(said)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// gone waits until none of the processes runs.
func gone(ctx context.Context, all []int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range all {
		for runs(pid) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("process %d is still there: %w", pid, ctx.Err())
			}
		}
	}
	return nil
}

// runs reports whether a process is there and no zombie.
func runs(pid int) bool {
	said, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(said), ") ")
	return !strings.HasPrefix(state, "Z")
}

// Remove stops the server, if it runs, and deletes its directory.
func (s *Server) Remove() error {
	var err error
	if s.running {
		err = s.stop("immediate")
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// own gives the directory to somebody whom PostgreSQL accepts: it refuses root.
func (s *Server) own() error {
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(os.Chown(s.dir, uid, gid), os.Chmod(s.dir, 0o755))
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	// A group of its own: Ctrl-C is for the tests, and we stop the server after them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	return cmd
}

func (s *Server) has(extension string) bool {
	lib, err := s.command("pg_config", "--pkglibdir").Output()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(strings.TrimSpace(string(lib)), extension+".so"))
	return err == nil
}

// binaries finds PostgreSQL's programs: the newest that Debian's packages installed, or those on the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrNotInstalled
	}
	return filepath.Dir(path), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}
