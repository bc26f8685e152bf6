package modules_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer"
	"github.com/staff-control/staff-control/modules/collector"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const acceptBatch, acceptConnections = 100, 16

type anyKey struct{}

func (anyKey) ByHash(context.Context, string) (identity.Key, error) {
	return identity.Key{ID: 1, OrganizationID: 1, Type: actor.Agent}, nil
}

// BenchmarkAccept is the gateway's durable yes: batches of 100 events over HTTP on 16 connections, each answered after
// the fsync of the commit that holds it. Beside it, in the same run, the rows that it wrote are written again by
// prepared inserts on one connection into a bare table, with as many commits. The metric ratio is the one rate as a
// part of the other.
func BenchmarkAccept(b *testing.B) {
	modules.Tune(os.Environ())
	address := kerneltest.Run(b, kernel.Gateway, kerneltest.Options{Set: []string{"buffer.max_size=100GB"}},
		buffer.New(), collector.New(), kerneltest.Provide[identity.Keys](kernel.Gateway, anyKey{}))
	ready(b, address)
	batch := acceptBody(b)
	commits := commitsOf(b, address)
	began := time.Now()
	b.ResetTimer()
	accept(b, address, batch)
	b.StopTimer()
	took := time.Since(began)
	commits = commitsOf(b, address) - commits
	rate := float64(b.N*acceptBatch) / took.Seconds()
	raw := rawAccept(b, b.N, commits)
	b.ReportMetric(rate, "rows/s")
	b.ReportMetric(raw, "raw-rows/s")
	b.ReportMetric(rate/raw, "ratio")
	b.ReportMetric(float64(b.N*acceptBatch)/float64(commits), "rows/commit")
}

func acceptBody(b *testing.B) []byte {
	b.Helper()
	var events []map[string]any
	for i := range acceptBatch {
		events = append(events, window(time.Now().Add(-time.Duration(i)*time.Second), fmt.Sprintf("Hisobot %d-chorak.xlsx – Excel", i)))
	}
	body, err := json.Marshal(report("DESKTOP-000117", "S-1-5-21-3623811015-3361044348-30300820-1013", events...))
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func accept(b *testing.B, address string, batch []byte) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: acceptConnections}}
	defer client.CloseIdleConnections()
	turns := make(chan struct{})
	var group sync.WaitGroup
	for range acceptConnections {
		group.Go(func() {
			for range turns {
				req, err := http.NewRequest(http.MethodPost, address+"/v2/agent/events", bytes.NewReader(batch))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("X-API-Key", "k")
				res, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body) // read to its end, the connection is used again
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					b.Errorf("answered %s", res.Status)
				}
			}
		})
	}
	for range b.N {
		turns <- struct{}{}
	}
	close(turns)
	group.Wait()
}

var commitCount = regexp.MustCompile(`staff_buffer_commit_seconds_count (\d+)`)

// commitsOf is how often the buffer has committed.
func commitsOf(b *testing.B, address string) int {
	b.Helper()
	_, metrics := call(b, http.MethodGet, address+"/metrics", nil, nil)
	found := commitCount.FindSubmatch(metrics)
	if found == nil {
		b.Fatal("the buffer's commits are not counted")
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// rawAccept writes the rows of n batches by prepared inserts with the given number of commits, and returns rows a second.
func rawAccept(b *testing.B, n, commits int) float64 {
	b.Helper()
	d, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	if _, err := d.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, payload TEXT NOT NULL, created_at DATETIME NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	payload, err := json.Marshal(window(time.Now(), "Hisobot 1-chorak.xlsx – Excel, DESKTOP-000117, S-1-5-21-3623811015-3361044348-30300820-1013, 0192f0aa-0000-7000-8000-000000000001"))
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	left := n * acceptBatch
	for commit := range commits {
		tx, err := d.Begin()
		if err != nil {
			b.Fatal(err)
		}
		stmt, err := tx.Prepare("INSERT INTO t (type, payload, created_at) VALUES (?, ?, ?)")
		if err != nil {
			b.Fatal(err)
		}
		rows := left / (commits - commit)
		for range rows {
			if _, err := stmt.Exec("active_window", string(payload), began); err != nil {
				b.Fatal(err)
			}
		}
		left -= rows
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n*acceptBatch) / time.Since(began).Seconds()
}
