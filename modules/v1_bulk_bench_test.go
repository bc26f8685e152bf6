package modules_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// readers is how many connections ask at once.
const readers = 10

// BenchmarkListsOfV1 asks a dashboard process on PostgreSQL for the first page of its main lists, on ten connections at
// once, with v1's data and a million and a half rows of its bulk besides, the last of which are of today, as where the
// product runs. It reports requests per second and the 95th percentile; client, dashboard and database share the machine.
// Pages have ten rows, as they had where v1 was measured; those of fifty are what the product's own pages ask for.
func BenchmarkListsOfV1(b *testing.B) {
	s := onPostgres(b)
	s.spawn(b, "--role=dashboard", "--set", "log.level=warn")
	ready(b, s.dashboard)
	loadV1(b, s, v1test.Tables(b))
	loadBulkV1(b, s)
	tokens := map[actor.Role]string{}
	for role, password := range map[actor.Role]string{actor.Admin: "admin", actor.HR: "Password123!"} { // v1's dump has them so
		tokens[role] = s.signInAs(b, usernames[role.String()], password)
	}
	week := time.Now().UTC().AddDate(0, 0, -7)
	for _, list := range []struct {
		name, path string
		role       actor.Role
	}{
		{"v1/employees", "/api/v1/employees?limit=10", actor.HR},
		{"v1/users", "/api/v1/users?limit=10", actor.Admin},
		{"v1/organizations", "/api/v1/organizations?limit=10", actor.Admin},
		{"v1/departments", "/api/v1/departments?limit=10", actor.HR},
		{"v1/visitors", "/api/v1/visitors?limit=10", actor.HR},
		{"v1/policies", "/api/v1/policies?limit=10", actor.HR},
		{"v1/computers", "/api/v1/computers?limit=10", actor.HR},
		{"v1/an-employees-entry-logs", "/api/v1/employees/1/entry-logs?limit=10", actor.HR},
		{"v1/entry-logs-of-a-week", "/api/v1/entry-logs?limit=10&start_date=" + week.Format(time.DateOnly), actor.HR},
		{"v1/entry-logs-whole", "/api/v1/entry-logs?limit=10", actor.HR},
		{"v2/employees", "/api/v2/employees?limit=10", actor.HR},
		{"v2/users", "/api/v2/users?limit=10", actor.Admin},
		{"v2/departments", "/api/v2/departments?limit=10", actor.HR},
		{"v2/computers", "/api/v2/computers?limit=10", actor.HR},
		{"v2/visitors", "/api/v2/visitors?limit=10", actor.HR},
		{"v2/passes", "/api/v2/passes?limit=10", actor.HR},
		{"v2/active-windows", "/api/v2/monitoring/active-windows?limit=10", actor.HR},
		{"v2/active-windows-of-one", "/api/v2/monitoring/active-windows?limit=10&employee=1", actor.HR},
		{"v2/visited-sites", "/api/v2/monitoring/visited-sites?limit=10", actor.HR},
		{"v2/screenshots", "/api/v2/monitoring/screenshots?limit=10", actor.HR},
		{"v2/user-sessions", "/api/v2/monitoring/user-sessions?limit=10", actor.HR},
		{"v2/computers-50", "/api/v2/computers", actor.HR},
		{"v2/visitors-50", "/api/v2/visitors", actor.HR},
		{"v2/passes-50", "/api/v2/passes", actor.HR},
		{"v2/active-windows-50", "/api/v2/monitoring/active-windows", actor.HR},
		{"v2/active-windows-of-one-50", "/api/v2/monitoring/active-windows?employee=1", actor.HR},
	} {
		b.Run(list.name, func(b *testing.B) {
			ask(b, s.dashboard, list.path, tokens[list.role])
		})
	}
}

// ask gets the page b.N times on readers connections. It writes the same bytes each time: what a client of net/http does
// costs as much as a third of what it measures.
func ask(b *testing.B, host, path, token string) {
	b.Helper()
	host = strings.TrimPrefix(host, "http://")
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + token + "\r\n\r\n")
	get := func(conn net.Conn, from *bufio.Reader) error {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		answer, err := http.ReadResponse(from, nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil && (answer.StatusCode != http.StatusOK || len(body) < 300) {
			err = errors.New(answer.Status + " " + string(body))
		}
		return err
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	took := make([]time.Duration, 0, b.N)
	turns := make(chan struct{})
	for range readers {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		group.Go(func() {
			from := bufio.NewReader(conn)
			for range turns {
				began := time.Now()
				err := get(conn, from)
				mu.Lock()
				took = append(took, time.Since(began))
				if err != nil && !b.Failed() {
					b.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	began := time.Now()
	b.ResetTimer()
	for range b.N {
		turns <- struct{}{}
	}
	close(turns)
	group.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "requests/s")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// loadBulkV1 puts what the fixture adds to v1's tables into ours. Its statements run on tables of v1's shape, from which
// ours are filled.
func loadBulkV1(b *testing.B, s *site) {
	b.Helper()
	pool, err := sql.Open("pgx", dbtest.As(b, s.address(), "postgres", ""))
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	for _, statement := range slices.Concat(shapeOfV1, v1test.Bulk(b), fromShapeOfV1) {
		if _, err := pool.ExecContext(context.Background(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}

var shapeOfV1 = []string{
	`CREATE SCHEMA v1`,
	`SET search_path = v1, public`,
	`CREATE TYPE "SessionType" AS ENUM ('LOGIN', 'LOGOUT', 'LOCKED', 'UNLOCKED')`,
	`CREATE TYPE "VisitorType" AS ENUM ('EMPLOYEE', 'VISITOR')`,
	`CREATE TYPE "EntryType" AS ENUM ('ENTER', 'EXIT', 'BOTH')`,
	`CREATE TYPE "ActionType" AS ENUM ('PHOTO', 'CARD', 'CAR', 'QR', 'PERSONAL_CODE', 'ONE_TIME_ID', 'USER')`,
	`CREATE TYPE "ActionMode" AS ENUM ('ONLINE', 'OFFLINE')`,
	`CREATE TABLE active_windows (id serial, users_on_computers_id int, datetime timestamp, title text, process_name text, icon text, active_time int, created_at timestamp)`,
	`CREATE TABLE visited_sites (id serial, users_on_computers_id int, datetime timestamp, title text, url text, process_name text, icon text, active_time int, created_at timestamp)`,
	`CREATE TABLE screenshots (id serial, users_on_computers_id int, datetime timestamp, title text, file_path text, process_name text, icon text, created_at timestamp)`,
	`CREATE TABLE user_sessions (id serial, users_on_computers_id int, start_time timestamp, end_time timestamp, session_type "SessionType")`,
	`CREATE TABLE actions (id serial, device_id int, gate_id int, action_time timestamp, employee_id int, visitor_id int, "visitorType" "VisitorType", "entryType" "EntryType",
		"actionType" "ActionType", action_result text, "actionMode" "ActionMode")`,
}

// seatsOfV1 says whose an event is, by the pair of user and computer.
const seatsOfV1 = ` e JOIN public.users_on_computers p ON p.id = e.users_on_computers_id
	JOIN public.computers c ON c.id = p.computer_id JOIN public.computer_users u ON u.id = p.computer_user_id`

var fromShapeOfV1 = []string{
	`SET search_path = public`,
	// By whole days, so that nobody works at night.
	`UPDATE v1.active_windows SET datetime = datetime + (SELECT date_trunc('day', now() - max(datetime)) FROM v1.active_windows)`,
	`UPDATE v1.visited_sites SET datetime = datetime + (SELECT date_trunc('day', now() - max(datetime)) FROM v1.visited_sites)`,
	`UPDATE v1.screenshots SET datetime = datetime + (SELECT date_trunc('day', now() - max(datetime)) FROM v1.screenshots)`,
	`UPDATE v1.user_sessions SET start_time = start_time + age, end_time = end_time + age FROM (SELECT date_trunc('day', now() - max(start_time)) AS age FROM v1.user_sessions) AS of`,
	`UPDATE v1.actions SET action_time = action_time + (SELECT date_trunc('day', now() - max(action_time)) FROM v1.actions)`,
	`SELECT make_partition('active_windows', day) FROM (SELECT DISTINCT datetime::date AS day FROM v1.active_windows) AS days`,
	`SELECT make_partition('visited_sites', day) FROM (SELECT DISTINCT datetime::date AS day FROM v1.visited_sites) AS days`,
	`SELECT make_partition('screenshots', day) FROM (SELECT DISTINCT datetime::date AS day FROM v1.screenshots) AS days`,
	`SELECT make_partition('user_sessions', day) FROM (SELECT DISTINCT start_time::date AS day FROM v1.user_sessions) AS days`,
	`INSERT INTO monitoring.active_windows (organization_id, datetime, id, agent_id, computer_uid, user_sid, window_title, process_name, url, duration_seconds)
		SELECT p.organization_id, e.datetime, gen_random_uuid(), gen_random_uuid(), c.computer_uid, u.sid, e.title, e.process_name, '', e.active_time FROM v1.active_windows` + seatsOfV1,
	`INSERT INTO monitoring.visited_sites (organization_id, datetime, id, agent_id, computer_uid, user_sid, url, title, process_name, duration_seconds)
		SELECT p.organization_id, e.datetime, gen_random_uuid(), gen_random_uuid(), c.computer_uid, u.sid, e.url, e.title, e.process_name, e.active_time FROM v1.visited_sites` + seatsOfV1,
	`INSERT INTO monitoring.screenshots (organization_id, datetime, id, agent_id, computer_uid, user_sid, file_path, title, process_name)
		SELECT p.organization_id, e.datetime, gen_random_uuid(), gen_random_uuid(), c.computer_uid, u.sid, e.file_path, e.title, e.process_name FROM v1.screenshots` + seatsOfV1,
	`INSERT INTO monitoring.user_sessions (organization_id, datetime, id, agent_id, computer_uid, user_sid, session_type, end_time)
		SELECT p.organization_id, e.start_time, gen_random_uuid(), gen_random_uuid(), c.computer_uid, u.sid,
			CASE e.session_type WHEN 'LOCKED' THEN 'lock' WHEN 'UNLOCKED' THEN 'unlock' ELSE lower(e.session_type::text) END, e.end_time FROM v1.user_sessions` + seatsOfV1,
	`INSERT INTO passes (organization_id, event_key, device_id, action_time, employee_id, visitor_type, entry_type, direction_by, action_type, action_result, action_mode, granted, payload, source, received_at)
		SELECT p.organization_id, 'bulk:' || a.id, d.id, a.action_time, p.id, 'EMPLOYEE', CASE WHEN a.action_result = 'SUCCESS' THEN a."entryType"::text END,
			CASE WHEN a.action_result = 'SUCCESS' THEN 'device' END, a."actionType"::text, a.action_result, a."actionMode"::text, a.action_result = 'SUCCESS', '{}', 'v1', a.action_time
		FROM v1.actions a JOIN employees p ON p.id = a.employee_id LEFT JOIN devices d ON d.id = a.device_id AND d.organization_id = p.organization_id`,
	`INSERT INTO passes (organization_id, event_key, device_id, action_time, visitor_id, visitor_type, entry_type, direction_by, action_type, action_result, action_mode, granted, payload, source, received_at)
		SELECT v.organization_id, 'bulk:' || a.id, d.id, a.action_time, v.id, 'VISITOR', CASE WHEN a.action_result = 'SUCCESS' THEN a."entryType"::text END,
			CASE WHEN a.action_result = 'SUCCESS' THEN 'device' END, a."actionType"::text, a.action_result, a."actionMode"::text, a.action_result = 'SUCCESS', '{}', 'v1', a.action_time
		FROM v1.actions a JOIN visitors v ON v.id = a.visitor_id LEFT JOIN devices d ON d.id = a.device_id AND d.organization_id = v.organization_id
		WHERE v.organization_id IS NOT NULL`,
	`DROP SCHEMA v1 CASCADE`,
	`VACUUM ANALYZE`,
}
