package demo

import (
	"testing"
	"time"
)

func TestThePastIsToldAtItsSpeed(t *testing.T) {
	t.Parallel()
	from := noon.Add(-time.Hour)
	for _, c := range []struct {
		speed   float64
		elapsed time.Duration
		want    time.Time
	}{
		{0, 0, noon},
		{60, 30 * time.Second, noon.Add(-30 * time.Minute)},
		{60, 2 * time.Minute, noon},
		{1e6, 24 * 365 * time.Hour, noon},
	} {
		if got := reached(from, c.elapsed, c.speed, noon); !got.Equal(c.want) {
			t.Errorf("at %gx after %s: %s, want %s", c.speed, c.elapsed, got, c.want)
		}
	}
}

func TestTheSilentComputerSaysWhyAndThenNothing(t *testing.T) {
	t.Parallel()
	m := &maker{row: companyRow{Seed: 1, Employees: 40, MadeAt: noon}, zone: tashkent, now: func() time.Time { return noon }}
	p := company(1, 40)[silent-1]
	before, after := 0, 0
	for date := m.midnight(noon).AddDate(0, 0, -10); date.Before(noon.AddDate(0, 0, 10)); date = date.AddDate(0, 0, 1) {
		if _, comes := m.dayOf(p, date); comes && date.Before(m.midnight(noon)) {
			before++
		} else if comes {
			after++
		}
	}
	if before == 0 || after != 0 {
		t.Errorf("it reports on %d days before, and on %d after", before, after)
	}
	if d, working := m.working(p, noon); working || heartbeatOf(p, d, working)["reason"] != "error" {
		t.Errorf("it says %v", heartbeatOf(p, d, working))
	}
}

func TestHeartbeatsFollowThePersonsDay(t *testing.T) {
	t.Parallel()
	m := &maker{row: companyRow{Seed: 1, Employees: 40, MadeAt: noon}, zone: tashkent}
	seen := map[any]bool{}
	for _, p := range m.allOf(40) {
		d, comes := m.dayOf(p, m.midnight(noon))
		if !comes {
			continue
		}
		if at, working := m.working(p, d.come.Add(time.Minute)); !working || heartbeatOf(p, at, working)["since"] != d.come {
			t.Errorf("person %d has come and is not at work, or not since then", p.number)
		}
		left, working := m.working(p, d.leave)
		if working {
			t.Errorf("person %d has left and is at work", p.number)
		}
		seen[heartbeatOf(p, left, working)["reason"]] = true
	}
	if !seen["shutdown"] || !seen["suspend"] {
		t.Errorf("computers are left as %v", seen)
	}
}

func (m *maker) allOf(employees int) []person { return company(m.row.Seed, employees) }
