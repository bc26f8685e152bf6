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
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	benchRows     = 1000 // of a batch
	benchGateways = 8    // that deliver at the same time, on a connection each
	benchEach     = 25   // batches of each gateway in a round
	benchCount    = benchGateways * benchEach
)

// sample is one row of the benchmarks, the same for every way of storing it.
type sample struct {
	at                         time.Time
	computer, sid, title, proc string
	seconds                    int
}

// programs and titles are such as offices have.
var (
	programs = [...]string{"EXCEL.EXE", "WINWORD.EXE", "chrome.exe", "1cv8.exe", "OUTLOOK.EXE", "Telegram.exe", "AcroRd32.exe", "explorer.exe"}
	titles   = [...]string{
		"Hisobot %d-chorak.xlsx – Excel", "Shartnoma № %d — Word", "my.gov.uz – %d – Chrome", "Квартальный отчёт %d — 1С:Предприятие",
		"Kiruvchi (%d) – Outlook", "Telegram (%d)", "Buyruq %d.pdf – Adobe Reader", "Hujjatlar %d",
	}
)

// samples are the rows of a gateway's batch: what happened in five minutes on the sixty computers of its office.
func samples(gateway, batch int) []sample {
	const computers = 60
	rows := make([]sample, benchRows)
	start := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second).Add(time.Duration(batch) * 5 * time.Minute)
	for i := range rows {
		n, what := gateway*computers+i%computers, (i*7+batch)%len(programs)
		rows[i] = sample{
			at: start.Add(time.Duration(i) * 300 * time.Millisecond), computer: fmt.Sprintf("DESKTOP-%06d", n),
			sid: fmt.Sprintf("S-1-5-21-3623811015-3361044348-30300820-%d", 1000+n), proc: programs[what],
			title: fmt.Sprintf(titles[what], (i*31+batch*17)%997), seconds: i%40 + 1,
		}
	}
	return rows
}

// batchBody is a gateway's batch of this number, as our gateway sends it.
func batchBody(batch int, rows []sample) []byte {
	var b bytes.Buffer
	now := time.Now().UTC().Format(time.RFC3339Nano)
	fmt.Fprintf(&b, `{"idempotencyToken":"bench-%s","epoch":"e","stream":"agent","sentAt":%q,"until":%q,"data":[`, id.New(), now, now)
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

// BenchmarkIngest delivers batches over HTTP to agent-api, all of it, as eight enrolled gateways at once. Beside it, in
// the same run, it stores the same rows in the fastest way that the database has, in as many commits, on one connection:
// by COPY into a bare table that is partitioned by day, or a bare hypertable, with the same keys but without row level
// security, view or roll-ups; by prepared inserts on SQLite. The metric ratio is the one rate as a part of the other;
// heap-ratio is that of COPY into a table without key and index, which nobody could read.
func BenchmarkIngest(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		address := dbtest.PostgresURL(b, "postgres")
		ingestBesideCopy(b, address, "CREATE TABLE bare (LIKE monitoring.active_windows INCLUDING ALL) PARTITION BY RANGE (datetime); "+
			`DO $$ BEGIN FOR n IN -2..1 LOOP EXECUTE format('CREATE TABLE bare_%s PARTITION OF bare FOR VALUES FROM (%L) TO (%L)',
				n + 2, current_date + n, current_date + n + 1); END LOOP; END $$`,
			"CREATE TABLE bare (LIKE monitoring.active_windows)")
	})
	b.Run("timescaledb", func(b *testing.B) {
		address := dbtest.TimescaleURL(b, "")
		ingestBesideCopy(b, address,
			"CREATE TABLE bare (LIKE ts.active_windows INCLUDING ALL); SELECT create_hypertable('bare', 'datetime', chunk_time_interval => interval '1 day', create_default_indexes => false)",
			"CREATE TABLE bare (LIKE ts.active_windows); SELECT create_hypertable('bare', 'datetime', chunk_time_interval => interval '1 day', create_default_indexes => false)")
	})
	b.Run("sqlite", func(b *testing.B) {
		benchmarkIngest(b, newSite(b), func(rate float64, batches [][]sample) {
			raw := inserted(b, batches)
			b.ReportMetric(raw, "raw-rows/s")
			b.ReportMetric(rate/raw, "ratio")
		})
	})
}

func ingestBesideCopy(b *testing.B, super, keyed, heap string) {
	s := newSite(b, "DATABASE_URL="+dbtest.As(b, super, "staff_app", ""), "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40))
	benchmarkIngest(b, s, func(rate float64, batches [][]sample) {
		b.ReportMetric(rate/copied(b, super, heap, batches), "heap-ratio")
		raw := copied(b, super, keyed, batches)
		b.ReportMetric(raw, "raw-rows/s")
		b.ReportMetric(rate/raw, "ratio")
	})
}

func benchmarkIngest(b *testing.B, s *site, compare func(rate float64, batches [][]sample)) {
	s.serve(b, "role=agent-api,dashboard")
	ready(b, s.agentAPI, s.dashboard)
	s.signIn(b)
	token := s.provision(b, benchGateways)
	keys := make([]string, benchGateways)
	for n := range keys {
		keys[n] = enrolledAs(b, s, token, fmt.Sprint("BENCH-", n))
	}
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
			batches[i] = samples(i%benchGateways, i/benchGateways)
			bodies[i] = z.EncodeAll(batchBody(round*benchEach+i/benchGateways, batches[i]), nil)
		}
		round++
		b.StartTimer()
		began := time.Now()
		deliverAll(b, s.agentAPI, keys, bodies)
		took += time.Since(began)
	}
	rate := float64(round*benchCount*benchRows) / took.Seconds()
	b.ReportMetric(rate, "rows/s")
	compare(rate, batches)
}

// deliverAll sends each gateway's bodies, one after another, all gateways at once.
func deliverAll(b *testing.B, address string, keys []string, bodies [][]byte) {
	transport := &http.Transport{MaxIdleConnsPerHost: len(keys)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var wg sync.WaitGroup
	for g, key := range keys {
		wg.Go(func() {
			for i := g; i < len(bodies); i += len(keys) {
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

// copied makes the table bare and copies the rows into it by COPY, on one connection, a transaction for each batch, and
// returns the rows of a second.
func copied(b *testing.B, url, create string, batches [][]sample) float64 {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP TABLE IF EXISTS bare CASCADE"); err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Exec(ctx, create); err != nil {
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
