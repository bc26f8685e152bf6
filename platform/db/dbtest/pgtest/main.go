// Command pgtest starts a throwaway PostgreSQL, runs the command after "--" with its address in
// PGTEST_URL, and takes the server away again.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: pgtest -- command [argument…]")
	}
	s, err := start()
	if err != nil {
		return 1, err
	}
	defer s.stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM) // the child gets it too; we stay to clean up
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "PGTEST_URL="+s.url)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

type server struct {
	dir, bin, url string
	as            *syscall.Credential
}

func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, bin: bin}
	if err := s.own(); err != nil {
		s.stop()
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := s.command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").Run(); err != nil {
		s.stop()
		return nil, fmt.Errorf("initdb: %w", err)
	}
	settings := []string{
		"listen_addresses=''", "unix_socket_directories='" + dir + "'", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"max_connections=300", "shared_buffers=256MB", "max_wal_size=4GB", "autovacuum_naptime=1h", "log_min_messages=fatal",
	}
	if s.has("timescaledb") {
		settings = append(settings, "shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off")
	}
	options := "-c " + strings.Join(settings, " -c ")
	if err := s.command("pg_ctl", "-D", data, "-w", "-t", "60", "-l", filepath.Join(dir, "log"), "-o", options, "start").Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		s.stop()
		return nil, fmt.Errorf("start PostgreSQL: %w\n%s", err, log)
	}
	s.url = "postgres://postgres@/postgres?host=" + dir
	return s, nil
}

// own gives the directory to somebody whom PostgreSQL accepts: it refuses root.
func (s *server) own() error {
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

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	// A group of its own: Ctrl-C is for the tests, and we stop the server after them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	return cmd
}

func (s *server) has(extension string) bool {
	lib, err := s.command("pg_config", "--pkglibdir").Output()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(strings.TrimSpace(string(lib)), extension+".so"))
	return err == nil
}

func (s *server) stop() {
	if s.url != "" {
		if err := s.command("pg_ctl", "-D", filepath.Join(s.dir, "data"), "-m", "immediate", "stop").Run(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest: stop PostgreSQL:", err)
		}
	}
	os.RemoveAll(s.dir)
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
		return "", errors.New("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")
	}
	return filepath.Dir(path), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}
