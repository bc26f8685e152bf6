package buffer

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

const benchBatch, benchSenders = 100, 16

// BenchmarkPut is the durable accept: batches of 100 events from 16 senders, fsync on.
func BenchmarkPut(b *testing.B) {
	buf := newBuffer(b, func(c *Config) { c.MaxSize = 1e11 })
	ctx := agent(b)
	batches := make(chan int)
	var group sync.WaitGroup
	b.ResetTimer()
	for range benchSenders {
		group.Go(func() {
			events := windows(0, benchBatch)
			for range batches {
				if _, err := buf.Put(ctx, activity.Batch{Events: events}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for n := range b.N {
		batches <- n
	}
	close(batches)
	group.Wait()
	perSecond(b, b.N*benchBatch)
}

// BenchmarkRawInserts is what Put is measured against: prepared inserts of the same rows into a bare copy of the
// table by one connection, with commits as large as group commit makes them.
func BenchmarkRawInserts(b *testing.B) {
	d, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	_, err = d.Exec(`CREATE TABLE agent_data_buffer (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, payload TEXT NOT NULL,
		created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, uploaded_at DATETIME NULL, retry_count INTEGER NOT NULL DEFAULT 0,
		organization_id INTEGER NOT NULL DEFAULT 0)`)
	if err != nil {
		b.Fatal(err)
	}
	stmt, err := d.Prepare("INSERT INTO agent_data_buffer (organization_id, type, payload) VALUES (?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	rows, err := encode(1, windows(0, benchBatch))
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; n += benchSenders {
		rawCommit(b, d, stmt, rows, min(benchSenders, b.N-n))
	}
	perSecond(b, b.N*benchBatch)
}

func rawCommit(b *testing.B, d *sql.DB, stmt *sql.Stmt, r *rows, batches int) {
	tx, err := d.BeginTx(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	in := tx.Stmt(stmt)
	for range batches {
		for i := range r.payloads {
			if _, err := in.Exec(r.organizations[i], r.kinds[i], r.payloads[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDrain reads and settles batches of 1000 as the uplink does.
func BenchmarkDrain(b *testing.B) {
	buf := newBuffer(b, func(c *Config) { c.MaxSize = 1e11 })
	for n := 0; n < b.N; n++ {
		put(b, buf, windows(0, 1000))
	}
	var after int64
	b.ResetTimer()
	for range b.N {
		rows := next(b, buf, after, 1000)
		first := rows[0].Seq
		after = rows[len(rows)-1].Seq
		if err := buf.Settle(b.Context(), backlog.Agent, first, after); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, b.N*1000)
}

func perSecond(b *testing.B, events int) {
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
