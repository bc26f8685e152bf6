package executor

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

// victim is the variable with the directory that makes the test binary an executor to be killed.
const victim = "EXECUTOR_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		workUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// workUntilKilled carries out what it is told, line by line, and says each answer.
func workUntilKilled(dir string) {
	m, err := openMemory(filepath.Join(dir, "commands.jsonl"), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		panic(err)
	}
	did, err := os.OpenFile(filepath.Join(dir, "did"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	s := newService(m, slog.New(slog.DiscardHandler), time.Now)
	s.handle(handlers{now: time.Now})
	rotate := s.handlers[command.RotateKey]
	rotate.do = func(_ context.Context, c command.Command, _ *command.Ack) error {
		_, err := did.WriteString(c.ID.String() + "\n")
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var c command.Command
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			panic(err)
		}
		line, err := json.Marshal(s.Do(context.Background(), c))
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(append(line, '\n'))
	}
}

// Whatever the moment of the kill: nothing that may be done once only is done twice, what was answered is answered the
// same for ever, and what was not done can still be.
func TestKilledAtAnyMomentNothingIsDoneTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	answered, interrupted := map[id.UUID]command.Ack{}, 0
	orders := make([]command.Command, 0, 4000)
	for range cap(orders) {
		orders = append(orders, orderOf(command.RotateKey, `{}`))
	}
	for range 6 {
		for _, a := range killed(t, dir, orders, time.Duration(30+rand.IntN(150))*time.Millisecond) {
			if before, again := answered[a.CommandID]; again && (before.Status != a.Status || !before.At.Equal(a.At)) {
				t.Fatalf("%s was answered %+v and then %+v", a.CommandID, before, a)
			}
			if a.Code == codeInterrupted && answered[a.CommandID].Status == "" {
				interrupted++
			}
			answered[a.CommandID] = a
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "did"))
	if err != nil {
		t.Fatal(err)
	}
	did := map[string]int{}
	for line := range strings.Lines(string(text)) {
		did[strings.TrimSpace(line)]++
	}
	for which, n := range did {
		if n != 1 {
			t.Errorf("%s was done %d times", which, n)
		}
	}
	for which, a := range answered {
		if a.Status == command.Completed && did[which.String()] != 1 {
			t.Errorf("%s is answered as done and was not", which)
		}
	}
	t.Logf("%d answered, %d done, %d interrupted", len(answered), len(did), interrupted)
	if len(answered) < 20 || interrupted > 6 {
		t.Errorf("%d answered, %d interrupted", len(answered), interrupted)
	}
}

// killed runs an executor for a while, tells it all orders, and returns its answers.
func killed(t *testing.T, dir string, orders []command.Command, after time.Duration) (answers []command.Ack) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer in.Close()
		for _, c := range orders {
			line, _ := json.Marshal(c)
			if _, err := in.Write(append(line, '\n')); err != nil {
				return
			}
		}
	}()
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil { // it runs
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var a command.Ack
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			break // cut off
		}
		answers = append(answers, a)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	if timer != nil {
		timer.Stop()
	}
	return answers
}
