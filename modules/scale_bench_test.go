//go:build scale

package modules_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// The company of these measurements: in each department 25 people, each with a computer of their own, who look at a new
// window every three minutes of eight hours. A day has 33,600 windows; 30 days have a million.
const (
	scaleDepartments = 8
	scaleStaff       = 25 // of a department
	scaleWindows     = 168
	scaleDayRows     = scaleDepartments * scaleStaff * scaleWindows
)

// TestScale is make scale: what an insert, a person's day, a department's month and a day's retention cost, while the
// tables grow from one to ten million windows, on PostgreSQL and on TimescaleDB where that can be loaded.
// SCALE_DAYS=30,300 are the days after which it measures; a million windows are 30.
func TestScale(t *testing.T) {
	for _, engine := range []struct {
		name    string
		address func(t *testing.T) string // as superuser
		fill    func(f *stuffer, t *testing.T, from, to int)
		kept    []string
		size    string // bytes of the windows with their indexes
	}{
		{
			"postgresql", func(t *testing.T) string { return dbtest.PostgresURL(t, "postgres") }, (*stuffer).partitions,
			[]string{"monitoring.usage_floors"},
			"SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'monitoring.active_windows'::regclass",
		},
		{
			"timescaledb", func(t *testing.T) string { return dbtest.TimescaleURL(t, "") }, (*stuffer).chunks,
			[]string{"ts.usage_floors", "ts.application_usage_15m_kept", "ts.application_usage_1d_kept"},
			"SELECT hypertable_size('ts.active_windows')",
		},
	} {
		t.Run(engine.name, func(t *testing.T) {
			address := engine.address(t)
			s := newSite(t, "DATABASE_URL="+dbtest.As(t, address, "staff_app", ""), "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40),
				"STAFF_LOG__LEVEL=warn")
			s.serve(t, "role=agent-api,dashboard")
			ready(t, s.agentAPI, s.dashboard)
			s.signIn(t)
			f := newStuffer(t, address)
			f.company(t)
			m := newMeasurer(t, s)
			fmt.Printf("\n%s\n\n| windows | table and indexes | 1000 rows over HTTP | a person's day | a department's top applications of 30 days | a day's retention |\n|---|---|---|---|---|---|\n", engine.name)
			filled := 0
			for _, days := range scaleDays(t) {
				engine.fill(f, t, filled, days)
				filled = days
				fmt.Println(m.line(t, f, days, f.number(t, engine.size)))
				for _, table := range engine.kept { // what retention keeps for ever, so that older days may be filled
					f.do(t, "DELETE FROM "+table)
				}
			}
		})
	}
}

func scaleDays(t *testing.T) (days []int) {
	t.Helper()
	list := os.Getenv("SCALE_DAYS")
	if list == "" {
		list = "30,90,300"
	}
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, n)
	}
	return days
}

// stuffer writes straight into the tables, as the superuser.
type stuffer struct {
	pool  *sql.DB
	today time.Time
}

func newStuffer(t *testing.T, address string) *stuffer {
	t.Helper()
	pool, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	pool.SetMaxOpenConns(1)
	f := &stuffer{pool: pool, today: time.Now().UTC().Truncate(24 * time.Hour)}
	f.do(t, "SET timezone = 'UTC'")
	return f
}

func (f *stuffer) do(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := f.pool.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (f *stuffer) company(t *testing.T) {
	t.Helper()
	for _, query := range []string{
		`INSERT INTO departments (id, organization_id, full_name, short_name, created_at, updated_at)
			SELECT 1000 + n, 1, 'Department ' || n, 'D' || n, now(), now() FROM generate_series(0, %[1]d - 1) n`,
		`INSERT INTO employees (id, organization_id, department_id, name, name_search, created_at, updated_at)
			SELECT 1000 + n, 1, 1000 + n / %[2]d, 'Employee ' || n, 'employee ' || n, now(), now() FROM generate_series(0, %[1]d * %[2]d - 1) n`,
		`INSERT INTO computers (id, organization_id, computer_uid, created_at, updated_at)
			SELECT 1000 + n, 1, 'DESKTOP-' || lpad(n::text, 6, '0'), now(), now() FROM generate_series(0, %[1]d * %[2]d - 1) n`,
		`INSERT INTO computer_users (id, organization_id, sid, created_at, updated_at)
			SELECT 1000 + n, 1, 'S-1-5-21-3623811015-3361044348-30300820-' || 1000 + n, now(), now() FROM generate_series(0, %[1]d * %[2]d - 1) n`,
		`INSERT INTO users_on_computers (organization_id, computer_user_id, computer_id, created_at, updated_at)
			SELECT 1, 1000 + n, 1000 + n, now(), now() FROM generate_series(0, %[1]d * %[2]d - 1) n`,
		`INSERT INTO computer_user_links (organization_id, computer_user_id, employee_id, created_at)
			SELECT 1, 1000 + n, 1000 + n, now() FROM generate_series(0, %[1]d * %[2]d - 1) n`,
	} {
		f.do(t, fmt.Sprintf(query, scaleDepartments, scaleStaff))
	}
}

// day makes the windows of the day so many days ago, in the order in which they would have come.
func (f *stuffer) day(t *testing.T, table string, ago int) {
	t.Helper()
	f.do(t, `INSERT INTO `+table+` (organization_id, datetime, id, agent_id, computer_uid, user_sid, window_title, process_name, url, duration_seconds)
		SELECT 1, $1::timestamptz + interval '4 hours' + w * interval '170 seconds' + p * interval '700 milliseconds', gen_random_uuid(), md5('agent' || p)::uuid,
			'DESKTOP-' || lpad(p::text, 6, '0'), 'S-1-5-21-3623811015-3361044348-30300820-' || 1000 + p,
			(ARRAY['Hisobot % – Excel', 'Shartnoma № % — Word', 'my.gov.uz – % – Chrome', 'Квартальный отчёт % — 1С:Предприятие',
				'Kiruvchi (%) – Outlook', 'Telegram (%)', 'Buyruq %.pdf – Adobe Reader', 'Hujjatlar %'])[1 + (w * 7 + p) % 8] || (w * 31 + p) % 997,
			(ARRAY['EXCEL.EXE', 'WINWORD.EXE', 'chrome.exe', '1cv8.exe', 'OUTLOOK.EXE', 'Telegram.exe', 'AcroRd32.exe', 'explorer.exe'])[1 + (w * 7 + p) % 8],
			'', 1 + (w * 13 + p) % 170
		FROM generate_series(0, $2 - 1) w, generate_series(0, $3 - 1) p ORDER BY w, p`,
		f.today.AddDate(0, 0, -ago), scaleWindows, scaleDepartments*scaleStaff)
}

// partitions fills the native tables and their roll-ups, from so many days ago to so many.
func (f *stuffer) partitions(t *testing.T, from, to int) {
	t.Helper()
	for ago := from + 1; ago <= to; ago++ {
		at := f.today.AddDate(0, 0, -ago)
		f.do(t, "SELECT make_partition('active_windows', $1::date)", at)
		f.day(t, "monitoring.active_windows", ago)
		for _, sum := range [][2]string{{"application_usage_15m", "15 minutes"}, {"application_usage_1d", "1 day"}} {
			f.do(t, `INSERT INTO monitoring.`+sum[0]+` SELECT organization_id, date_bin('`+sum[1]+`', datetime, '2000-01-01 00:00:00+00') AS bucket,
				computer_uid, user_sid, process_name, sum(duration_seconds), count(*) FROM monitoring.active_windows
				WHERE datetime >= $1::timestamptz AND datetime < $1::timestamptz + interval '1 day' GROUP BY 1, 2, 3, 4, 5`, at)
		}
	}
	f.do(t, "VACUUM ANALYZE monitoring.active_windows")
	f.do(t, "VACUUM ANALYZE monitoring.application_usage_15m")
	f.do(t, "VACUUM ANALYZE monitoring.application_usage_1d")
}

// chunks fills the hypertable, lets TimescaleDB sum, and compresses what is older than a week.
func (f *stuffer) chunks(t *testing.T, from, to int) {
	t.Helper()
	for ago := from + 1; ago <= to; ago++ {
		f.day(t, "ts.active_windows", ago)
	}
	for _, sums := range []string{"application_usage_15m", "application_usage_1d"} {
		f.do(t, "CALL refresh_continuous_aggregate('ts."+sums+"_live', NULL, NULL)")
	}
	f.do(t, "SELECT compress_chunk(c, true) FROM show_chunks('ts.active_windows', older_than => now() - interval '7 days') c")
	f.do(t, "VACUUM ANALYZE ts.active_windows")
	if from == 0 {
		const sizes = "SELECT sum(%s)::float8 FROM chunk_compression_stats('ts.active_windows')"
		rows := f.number(t, "SELECT count(*) FROM ts.active_windows WHERE datetime < date_trunc('day', now()) - interval '7 days'")
		fmt.Printf("(%.0f bytes for each window before it is compressed, %.0f after)\n", f.number(t, fmt.Sprintf(sizes, "before_compression_total_bytes"))/rows,
			f.number(t, fmt.Sprintf(sizes, "after_compression_total_bytes"))/rows)
	}
}

func (f *stuffer) number(t *testing.T, query string) (n float64) {
	t.Helper()
	if err := f.pool.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// measurer asks the product what the table of docs/performance.md has.
type measurer struct {
	site *site
	key  string
	sent int
	rng  *rand.Rand
	z    *zstd.Encoder
}

func newMeasurer(t *testing.T, s *site) *measurer {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &measurer{site: s, key: enrolledAs(t, s, s.provision(t, 1), "SCALE"), rng: rand.New(rand.NewPCG(1, 2)), z: z}
}

func (m *measurer) line(t *testing.T, f *stuffer, days int, size float64) string {
	t.Helper()
	head := fmt.Sprintf("| %.1f M | %.0f MB, %.0f bytes each", float64(days*scaleDayRows)/1e6, size/1e6, size/float64(days*scaleDayRows))
	insert := p95(100, func() { m.insert(t) })
	day := p95(200, func() { m.day(t, f, days) })
	month := p95(100, func() { m.month(t, f, days) })
	return fmt.Sprintf("%s | %s | %s | %s | %s |", head, insert, day, month, m.retention(t, days))
}

// p95 runs it n times, after a few that warm the caches, and says how long nearly all of them took at most.
func p95(n int, it func()) string {
	took := make([]time.Duration, n)
	for i := -n / 10; i < n; i++ {
		began := time.Now()
		it()
		if i >= 0 {
			took[i] = time.Since(began)
		}
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%.1f ms (median %.1f)", ms(took[n*95/100]), ms(took[n/2]))
}

func (m *measurer) insert(t *testing.T) {
	rows := samples(m.sent%3, 0)
	for i := range rows {
		rows[i].at = time.Now().UTC().Add(-time.Duration(len(rows)-i) * 300 * time.Millisecond)
	}
	body := m.z.EncodeAll(batchBody(m.sent, rows), nil)
	m.sent++
	if err := deliverOne(client, m.site.agentAPI, m.key, body); err != nil {
		t.Fatal(err)
	}
}

func (m *measurer) day(t *testing.T, f *stuffer, days int) {
	var d struct{ Windows []any }
	date := f.today.AddDate(0, 0, -1-m.rng.IntN(days-1)).Format(time.DateOnly)
	m.site.get(t, fmt.Sprintf("/api/v2/monitoring/day?employee=%d&date=%s", 1000+m.rng.IntN(scaleDepartments*scaleStaff), date), &d)
	if len(d.Windows) == 0 {
		t.Fatalf("nobody did anything on %s", date)
	}
}

func (m *measurer) month(t *testing.T, f *stuffer, days int) {
	var top struct{ Items []any }
	to := f.today.AddDate(0, 0, -1-m.rng.IntN(days-29))
	m.site.get(t, fmt.Sprintf("/api/v2/activity/top-applications?department=%d&from=%s&to=%s", 1000+m.rng.IntN(scaleDepartments),
		to.AddDate(0, 0, -29).Format(time.DateOnly), to.Format(time.DateOnly)), &top)
	if len(top.Items) != 8 {
		t.Fatalf("%d applications", len(top.Items))
	}
}

// retention lets the rule reach the oldest day there is, and runs it. The day is gone afterwards.
func (m *measurer) retention(t *testing.T, days int) string {
	status, said := call(t, http.MethodPut, m.site.dashboard+"/api/v2/retention/rules", map[string]string{"Authorization": "Bearer " + m.site.token},
		map[string]any{"organizationId": 1, "resourceType": "active_window", "days": days - 1, "action": "delete", "active": true})
	if status != http.StatusOK {
		return fmt.Sprintf("not measured: %d %s", status, said)
	}
	began := time.Now()
	m.site.command(t, "retention", "run")
	return fmt.Sprintf("%.0f ms", float64(time.Since(began).Microseconds())/1000)
}
