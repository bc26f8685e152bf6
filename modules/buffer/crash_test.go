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
		work := writeUntilKilled
		if strings.HasPrefix(os.Getenv(victim+"_ROUND"), pictureRound) {
			work = takeUntilKilled
		}
		work(path, os.Getenv(victim+"_ROUND"))
		return
	}
	goleak.VerifyTestMain(m)
}

const crashBatch = 10

// victimOf runs a buffer in a process that will be killed.
func victimOf(path string) (context.Context, *service) {
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
	return ctx, s
}

// writeUntilKilled puts batches from several senders and says of each that it was answered, after it was.
func writeUntilKilled(path, round string) {
	ctx, s := victimOf(path)
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

// pictureRound begins the name of a round in which pictures are taken.
const pictureRound = "p"

// takeUntilKilled takes pictures from several senders, and delivers some of them as the uplink would.
func takeUntilKilled(path, round string) {
	ctx, s := victimOf(path)
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%s-%d-%d", round, sender, n)
				if _, err := s.Take(ctx, shotOf(name, jpeg(name, 100_000+n))); err == nil {
					os.Stdout.WriteString(name + "\n")
				}
				if n%3 == 0 {
					if rows, err := s.Next(ctx, backlog.Picture, 0, 1, 1<<20); err == nil && len(rows) > 0 {
						_ = s.Settle(ctx, backlog.Picture, rows[0].Seq, rows[0].Seq)
					}
				}
			}
		})
	}
	senders.Wait()
}

// Whatever the moment of the kill: each picture that was answered has its row, once, and its whole file until it is
// delivered; and after a restart no file is without a row.
func TestKilledAtAnyMomentNoPictureIsLost(t *testing.T) {
	t.Parallel()
	path := testConfig(t).Path
	answered := map[string]bool{}
	for round := range 5 {
		for _, name := range killed(t, path, pictureRound+fmt.Sprint(round), time.Duration(50+rand.IntN(250))*time.Millisecond) {
			answered[name] = true
		}
	}
	if len(answered) < 20 {
		t.Errorf("only %d pictures were answered in all", len(answered))
	}
	c := defaults()
	c.Path = path
	b := open(t, c, nil)
	var found []struct {
		ID      int64
		Key     string
		Pending bool
	}
	inFile(t, path, func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT id, key, uploaded_at IS NULL AS pending FROM picture_buffer").Scan(ctx, &found)
	})
	var pending, size int64
	for _, row := range found {
		delete(answered, row.Key)
		if !row.Pending {
			continue
		}
		p, err := b.Picture(t.Context(), row.ID)
		if err != nil {
			t.Fatalf("picture %d, %s: %v", row.ID, row.Key, err)
		}
		p.Close()
		pending, size = pending+1, size+p.Size
	}
	if len(answered) > 0 {
		t.Errorf("answered and not there: %v", answered)
	}
	tally := b.tally()[backlog.Picture]
	if int64(len(spooled(t, b))) != pending || b.spooled != size || spoolSize(t, b) != size || tally.Pending != pending || tally.Sent != int64(len(found))-pending || tally.Sent == 0 {
		t.Errorf("%d files of %d bytes for %d pending of %d; the tally says %+v, %d bytes", len(spooled(t, b)), spoolSize(t, b), pending, size, tally, b.spooled)
	}
	t.Logf("%d pictures found, %d of them pending", len(found), pending)
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
