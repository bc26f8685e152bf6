package modules_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
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

// batchBody is the batch as our gateway sends it.
func batchBody(batch int, rows []sample) []byte {
	var b bytes.Buffer
	now := time.Now().UTC().Format(time.RFC3339Nano)
	fmt.Fprintf(&b, `{"idempotencyToken":"bench-%d","epoch":"e","stream":"agent","sentAt":%q,"until":%q,"data":[`, batch, now, now)
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

// BenchmarkIngest delivers batches over HTTP to agent-api, all of it, as an enrolled gateway on several connections.
// Beside it, in the same run, it stores the same rows in the fastest way that the database has, in as many commits, on
// one connection: by COPY into a copy of the table without row level security, by prepared inserts on SQLite.
// The metric ratio is the one rate as a part of the other; heap-ratio is that of COPY into a table without key and index.
func BenchmarkIngest(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		address := dbtest.PostgresURL(b, "staff_app")
		super := dbtest.As(b, address, "postgres", "")
		s := newSite(b, "DATABASE_URL="+address, "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40))
		benchmarkIngest(b, s, func(rate float64, batches [][]sample) {
			b.ReportMetric(rate/copied(b, super, "LIKE monitoring.active_windows", batches), "heap-ratio")
			raw := copied(b, super, "LIKE monitoring.active_windows INCLUDING ALL", batches)
			b.ReportMetric(raw, "raw-rows/s")
			b.ReportMetric(rate/raw, "ratio")
		})
	})
	b.Run("sqlite", func(b *testing.B) {
		benchmarkIngest(b, newSite(b), func(rate float64, batches [][]sample) {
			raw := inserted(b, batches)
			b.ReportMetric(raw, "raw-rows/s")
			b.ReportMetric(rate/raw, "ratio")
		})
	})
}

// benchCount is the batches of one round.
const benchCount = 100

func benchmarkIngest(b *testing.B, s *site, compare func(rate float64, batches [][]sample)) {
	const token = "spt_a-token-of-the-benchmark"
	s.serve(b, "role=agent-api", "gateways.bootstrap_token="+token)
	ready(b, s.agentAPI)
	key := enrolled(b, s, token)
	z, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	batches, bodies := make([][]sample, benchCount), make([][]byte, benchCount)
	round := 0
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		for i := range bodies {
			batches[i] = samples(i)
			bodies[i] = z.EncodeAll(batchBody(round*benchCount+i, batches[i]), nil)
		}
		round++
		b.StartTimer()
		began := time.Now()
		deliver(b, s.agentAPI, key, bodies)
		took += time.Since(began)
	}
	rate := float64(round*benchCount*benchRows) / took.Seconds()
	b.ReportMetric(rate, "rows/s")
	compare(rate, batches)
}

// enrolled enrols a gateway and returns its key.
func enrolled(b *testing.B, s *site, token string) string {
	b.Helper()
	status, answer := call(b, http.MethodPost, s.agentAPI+"/v2/gateway/enroll", nil, map[string]string{"token": token, "serial": "BENCH-1"})
	var in struct{ APIKey string }
	if err := json.Unmarshal(answer, &in); err != nil || status != http.StatusCreated {
		b.Fatalf("enrol: %d %s", status, answer)
	}
	return in.APIKey
}

// deliver sends the bodies over several connections.
func deliver(b *testing.B, address, key string, bodies [][]byte) {
	transport := &http.Transport{MaxIdleConnsPerHost: benchConnections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchConnections {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				if err := deliverOne(client, address, key, bodies[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func deliverOne(client *http.Client, address, key string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, address+"/v2/ingest/logs", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Encoding", "zstd")
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && !strings.Contains(string(said), fmt.Sprintf(`"accepted":%d`, benchRows)) {
		err = fmt.Errorf("%d %s", res.StatusCode, said)
	}
	return err
}

// copied copies the rows into a fresh table by COPY, on one connection, a transaction for each batch, and returns
// the rows of a second.
func copied(b *testing.B, url, like string, batches [][]sample) float64 {
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
	return benchCount * benchRows / time.Since(began).Seconds()
}

// inserted inserts the rows by a prepared statement into a bare copy of the table, a transaction for each batch, and
// returns the rows of a second.
func inserted(b *testing.B, batches [][]sample) float64 {
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
	return benchCount * benchRows / time.Since(began).Seconds()
}
