package buffer

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// victim is the variable with the buffer's path that makes the test binary a writer to be killed.
const victim = "BUFFER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		writeUntilKilled(path, os.Getenv(victim+"_ROUND"))
		return
	}
	goleak.VerifyTestMain(m)
}

const crashBatch = 10

// writeUntilKilled puts batches from several senders and says of each that it was answered, after it was.
func writeUntilKilled(path, round string) {
	c := defaults()
	c.Path, c.MaxSize = path, 1e9
	ctx := actor.With(context.Background(), actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1})
	st, err := openStore(actor.With(ctx, actor.System("test")), c, migrations.Gateway(), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		panic(err)
	}
	s, err := newService(ctx, c, st, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		panic(err)
	}
	go s.run(ctx)
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%s-%d-%d", round, sender, n)
				events := windows(0, crashBatch)
				for i := range events {
					events[i].Key = fmt.Sprintf("%s/%d", name, i)
				}
				if _, err := s.Put(ctx, activity.Batch{Events: events}); err == nil {
					os.Stdout.WriteString(name + "\n")
				}
				if n%5 == 0 { // deliver, as the uplink would
					if rows, err := s.Next(ctx, backlog.Agent, 0, 100, 1<<20); err == nil && len(rows) > 0 {
						_ = s.Settle(ctx, backlog.Agent, rows[0].Seq, rows[len(rows)-1].Seq)
					}
				}
			}
		})
	}
	senders.Wait()
}

// Whatever the moment of the kill: each batch that was answered is in the file once, each other whole or not at
// all, positions go on without a hole, and the tallies agree with the rows.
func TestKilledAtAnyMomentNothingAnsweredIsLost(t *testing.T) {
	t.Parallel()
	path := testConfig(t).Path
	answered := map[string]bool{}
	for round := range 5 {
		for _, name := range killed(t, path, fmt.Sprint(round), time.Duration(50+rand.IntN(250))*time.Millisecond) {
			answered[name] = true
		}
	}
	if len(answered) < 50 {
		t.Errorf("only %d batches were answered in all", len(answered))
	}
	found := map[string]int{}
	for _, e := range fileEvents(t, path, 1) {
		found[e.Key]++
	}
	whole := map[string]int{}
	for key, n := range found {
		if n != 1 {
			t.Errorf("%s is there %d times", key, n)
		}
		whole[strings.Split(key, "/")[0]]++
	}
	for name, n := range whole {
		if n != crashBatch {
			t.Errorf("of batch %s %d events are there, want %d", name, n, crashBatch)
		}
	}
	for name := range answered {
		if whole[name] != crashBatch {
			t.Errorf("answered batch %s has %d events", name, whole[name])
		}
	}
	var rows, last, pending, sent int64
	read(t, path, "SELECT count(*), max(id), sum(uploaded_at IS NULL), sum(uploaded_at IS NOT NULL) FROM agent_data_buffer", &rows, &last, &pending, &sent)
	var tally tallyRow
	inFile(t, path, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&tally).Where("stream = 'agent'").Scan(ctx)
	})
	if rows != last || tally.Last != last || tally.Pending != pending || tally.Sent != sent || sent == 0 {
		t.Errorf("%d rows up to %d, %d pending, %d sent; the tally says %+v", rows, last, pending, sent, tally)
	}
	t.Logf("%d batches were answered, %d found", len(answered), len(whole))
}

// killed runs a writer, kills it after a while, and returns the batches that were answered before.
func killed(t *testing.T, path, round string, after time.Duration) (answered []string) {
	t.Helper()
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), victim+"="+path, victim+"_ROUND="+round)
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n') // it has begun
	kill := time.AfterFunc(after, func() { _ = writer.Process.Kill() })
	defer kill.Stop()
	for err == nil {
		answered = append(answered, strings.TrimSuffix(line, "\n"))
		line, err = lines.ReadString('\n')
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	_ = writer.Wait()
	return answered
}
