// Command staff-control is the whole product in one binary: a gateway on the customer's LAN, agent-api and
// dashboard in the cloud or on the same host.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/systemd"
)

// Set by the linker; see the Makefile.
var (
	version = "dev"
	commit  = "unknown"
	date    = "unknown"
)

const usage = `Usage: staff-control [flags] [command]

Without a command it serves. Commands:
  migrate                   bring the database to this binary's schema
  check                     print modules, ports and routes of the roles
  config                    print the settings, each with where it came from
  check-config              only read the settings and say what is wrong (also --check-config;
                            gateway --check-config for those of role gateway)
  config example            print every setting with its default
  health                    ask the running process whether it is ready
  gateway test-connection   try the way to agent-api (also --test-connection, gateway --test-connection)
  version                   print the version
`

// The exit codes.
const (
	ok     = 0
	failed = 1
	wrong  = 2 // settings, wiring or usage
	// restart is for whoever started us: to do it again. It is EX_TEMPFAIL of sysexits.h.
	restart = 75
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	modules.Tune(os.Environ())
	std := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if isTerminal(os.Stdin) {
		std.in = nil // nobody types what a command reads
	}
	os.Exit(run(ctx, os.Args[1:], os.Environ(), std))
}

// streams are what the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program: arguments and environment in, exit code out.
func run(ctx context.Context, args, env []string, std streams) int {
	stdout, stderr := std.out, std.err
	a, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, err)
		fmt.Fprint(stderr, usage, modules.Usage())
		return wrong
	}
	if a.help {
		fmt.Fprint(stdout, usage, modules.Usage())
		return ok
	}
	if a.command("version") {
		fmt.Fprintf(stdout, "staff-control %s (commit %s, built %s)\n", version, commit, date)
		return ok
	}
	if a.command("config", "example") {
		modules.ExampleSettings(stdout)
		return ok
	}
	a.input.Env = env
	p, err := modules.Load(a.input, modules.Build{Version: version, Commit: commit, Date: date}, stdout, isTerminal(stdout))
	if err != nil {
		if a.command("config") {
			p.PrintSettings(stdout)
		}
		fmt.Fprintln(stderr, err)
		return wrong
	}
	if err := act(ctx, a, p, std, systemd.New(env, os.Getpid())); err != nil {
		fmt.Fprintln(stderr, "staff-control:", err)
		var again kernel.Restart
		switch {
		case errors.As(err, &again):
			return restart
		case errors.Is(err, errUsage):
			return wrong
		}
		return failed
	}
	return ok
}

var errUsage = errors.New("no such command")

// act does what the arguments ask for.
func act(ctx context.Context, a arguments, p *modules.Process, std streams, manager *systemd.Notifier) error {
	stdout := std.out
	switch {
	case len(a.words) == 0:
		return serve(ctx, p, manager)
	case a.command("migrate"):
		return p.Migrate(ctx)
	case a.command("check"):
		return p.Check(ctx, stdout)
	case a.command("config"):
		p.PrintSettings(stdout)
		return nil
	case a.command("check-config"):
		_, err := fmt.Fprintln(stdout, "the settings are right")
		return err
	case a.command("gateway", "test-connection"):
		return p.TestConnection(ctx, stdout)
	case a.command("health"):
		return health(ctx, p.HealthURLs("/health/ready"))
	}
	known, err := p.Command(ctx, a.words, std.in, stdout)
	if !known {
		return fmt.Errorf("%w: %s", errUsage, strings.Join(a.words, " "))
	}
	return err
}

// serve serves, and tells systemd how it goes: alive is who answers /health, whatever is away that it depends on.
func serve(ctx context.Context, p *modules.Process, manager *systemd.Notifier) error {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan error, 1)
	go func() {
		told <- manager.Run(ctx, func(ctx context.Context) error { return health(ctx, p.HealthURLs("/health")) })
	}()
	err := p.Serve(ctx)
	cancel()
	return errors.Join(err, <-told)
}

// health asks every role of the process on this host, for Docker. Its certificate is for other names than the
// loopback's, so it is not looked at.
func health(ctx context.Context, urls []string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	var faults []error
	for _, url := range urls {
		faults = append(faults, ask(ctx, &client, url))
	}
	return errors.Join(faults...)
}

func ask(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}

// arguments are the command line, read.
type arguments struct {
	input config.Input
	words []string
	help  bool
}

// command reports whether the words are exactly these.
func (a arguments) command(words ...string) bool {
	return strings.Join(a.words, " ") == strings.Join(words, " ")
}

// parse reads the flags, wherever they stand before the words of a module's command. Flags with one dash mean
// the same. What follows a command that a module adds is the command's own.
func parse(args []string) (a arguments, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			a.words = append(a.words, arg)
			continue
		}
		name, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "help", "h":
			a.help = true
		case "version", "test-connection", "check-config":
			a.words = append(a.words, name)
		case "config", "set", "role", "data":
			if !given {
				if i++; i == len(args) {
					return a, fmt.Errorf("flag --%s needs a value", name)
				}
				value = args[i]
			}
			a.flag(name, value)
		default:
			if len(a.words) == 0 {
				return a, fmt.Errorf("no such flag: --%s", name)
			}
			a.words = append(a.words, arg) // the command's own
		}
	}
	a.settle()
	return a, nil
}

// settle makes one command of the word gateway and of the two that are flags as well, in whatever order they came. The
// launcher is called gateway itself, so that word may be missing.
func (a *arguments) settle() {
	if len(a.words) > 0 && a.words[0] == "update" {
		a.words = append([]string{"gateway"}, a.words...)
	}
	switch strings.Join(a.words, " ") {
	case "test-connection", "test-connection gateway":
		a.words = []string{"gateway", "test-connection"}
	case "gateway check-config", "check-config gateway":
		a.words = []string{"check-config"}
		a.input.Set = append([]string{"role=gateway"}, a.input.Set...)
	}
}

func (a *arguments) flag(name, value string) {
	switch name {
	case "config":
		a.input.File = value
	case "set":
		a.input.Set = append(a.input.Set, value)
	default: // --role and --data are short for settings
		a.input.Set = append(a.input.Set, name+"="+value)
	}
}

func isTerminal(stream any) bool {
	f, isFile := stream.(*os.File)
	if !isFile {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
