package modules_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	benchRows        = 1000 // of a batch
	benchConnections = 4
)

// sample is one row of the benchmarks, the same for every way of storing it.
type sample struct {
	at                         time.Time
	computer, sid, title, proc string
	seconds                    int
}

func samples(batch int) []sample {
	rows := make([]sample, benchRows)
	start := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	for i := range rows {
		n := batch*benchRows + i
		rows[i] = sample{
			at: start.Add(time.Duration(n) * 37 * time.Millisecond), computer: fmt.Sprintf("DESKTOP-%06d", n%120),
			sid: fmt.Sprintf("S-1-5-21-3623811015-3361044348-30300820-%d", 1000+n%120), proc: "EXCEL.EXE",
			title: fmt.Sprintf("Hisobot %d-chorak.xlsx – Excel", n%997), seconds: n%300 + 1,
		}
	}
	return rows
}

// body is the batch as our gateway sends it.
func body(batch int, rows []sample) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"gatewayId":"%s","idempotencyToken":"bench-%d","epoch":"e","stream":"agent","sentAt":%q,"data":[`,
		benchGateway, batch, time.Now().UTC().Format(time.RFC3339Nano))
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"seq":%d,"type":"active_window","key":"%s","computerUid":%q,"userSid":%q,"at":%q,"durationSeconds":%d,"title":%q,"processName":%q,"source":"api"}`,
			batch*benchRows+i+1, id.New(), r.computer, r.sid, r.at.Format(time.RFC3339Nano), r.seconds, r.title, r.proc)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// BenchmarkIngest delivers batches over HTTP into each database, and beside it, in the same run, stores the same rows
// in the fastest way that the database has. The metric ratio is the one rate as a part of the other.
func BenchmarkIngest(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		url := dbtest.PostgresURL(b, "staff_app")
		d, err := db.Open(b.Context(), url, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		super := dbtest.As(b, url, "postgres", "")
		benchmarkIngest(b, d, func(batches [][]sample) map[string]time.Duration {
			return map[string]time.Duration{
				"copy":      copyInto(b, super, "LIKE monitoring.active_windows INCLUDING ALL", batches),
				"copy-heap": copyInto(b, super, "LIKE monitoring.active_windows", batches),
			}
		})
	})
	b.Run("sqlite", func(b *testing.B) {
		benchmarkIngest(b, dbtest.SQLite(b), func(batches [][]sample) map[string]time.Duration {
			return map[string]time.Duration{"raw": insertInto(b, batches)}
		})
	})
}

func benchmarkIngest(b *testing.B, d *db.DB, baseline func([][]sample) map[string]time.Duration) {
	const count = 100
	batches, bodies := make([][]sample, count), make([][]byte, count)
	z, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range batches {
		batches[i] = samples(i)
	}
	address := serveIngest(b, d)
	run := 0
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		for i := range bodies {
			bodies[i] = z.EncodeAll(body(run*count+i, batches[i]), nil)
		}
		run++
		b.StartTimer()
		began := time.Now()
		deliver(b, address, bodies)
		took += time.Since(began)
	}
	rate := float64(run*count*benchRows) / took.Seconds()
	b.ReportMetric(rate, "rows/s")
	for name, t := range baseline(batches) {
		base := float64(count*benchRows) / t.Seconds()
		b.ReportMetric(base, name+"-rows/s")
		b.ReportMetric(rate/base, "ratio-"+name)
	}
}

// deliver sends the bodies over several connections.
func deliver(b *testing.B, address string, bodies [][]byte) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConnections}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchConnections {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) {
					return
				}
				r, err := http.NewRequest(http.MethodPost, address+"/v2/ingest/logs", bytes.NewReader(bodies[i]))
				if err != nil {
					b.Error(err)
					return
				}
				r.Header.Set("Content-Encoding", "zstd")
				res, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				said, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if !strings.Contains(string(said), `"accepted":1000`) {
					b.Errorf("%d %s", res.StatusCode, said)
					return
				}
			}
		})
	}
	wg.Wait()
}

// copyInto copies the rows into a fresh table by COPY, on one connection, a transaction for each batch.
func copyInto(b *testing.B, url, like string, batches [][]sample) time.Duration {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP TABLE IF EXISTS bare; CREATE TABLE bare ("+like+")"); err != nil {
		b.Fatal(err)
	}
	columns := []string{"organization_id", "datetime", "id", "agent_id", "computer_uid", "user_sid", "window_title", "process_name", "url", "duration_seconds"}
	values := make([][][]any, len(batches))
	for i, rows := range batches {
		for _, r := range rows {
			values[i] = append(values[i], []any{int64(1), r.at, [16]byte(id.New()), [16]byte(id.Nil), r.computer, r.sid, r.title, r.proc, "", int32(r.seconds)})
		}
	}
	began := time.Now()
	for _, rows := range values {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{"bare"}, columns, pgx.CopyFromRows(rows)); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// insertInto inserts the rows by a prepared statement into a bare copy of the table, a transaction for each batch.
func insertInto(b *testing.B, batches [][]sample) time.Duration {
	pool, err := sql.Open("sqlite3", "file:"+b.TempDir()+"/raw.db?_journal_mode=WAL&_synchronous=NORMAL")
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	for _, q := range []string{`CREATE TABLE bare (organization_id INTEGER NOT NULL, datetime DATETIME NOT NULL, id TEXT NOT NULL, agent_id TEXT NOT NULL,
		computer_uid TEXT NOT NULL, user_sid TEXT NOT NULL, window_title TEXT, process_name TEXT, url TEXT, duration_seconds INTEGER,
		PRIMARY KEY (organization_id, datetime, id)) WITHOUT ROWID`, `CREATE INDEX i ON bare (organization_id, computer_uid, datetime)`} {
		if _, err := pool.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	values := make([][][]any, len(batches))
	for i, rows := range batches {
		for _, r := range rows {
			values[i] = append(values[i], []any{1, r.at, id.New().String(), id.Nil.String(), r.computer, r.sid, r.title, r.proc, "", r.seconds})
		}
	}
	began := time.Now()
	for _, rows := range values {
		tx, err := pool.Begin()
		if err != nil {
			b.Fatal(err)
		}
		stmt, err := tx.Prepare("INSERT INTO bare VALUES (?,?,?,?,?,?,?,?,?,?)")
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			if _, err := stmt.Exec(r...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
