package monitoring

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
)

// maxDayRows bounds the events of one kind in a day.
const maxDayRows = 10_000

// calendar is what was reported of one person or computer on days that follow each other.
type calendar struct {
	home      organization.Organization
	midnights []time.Time // where the days begin, and where the last ends
	now       time.Time
	longest   time.Duration
	byUser    bool // the sights are of one Windows user each
	reported
	truncated bool
}

// day answers for one day.
func (s *service) day(ctx context.Context, in dayRequest) (Day, error) {
	y, err := s.calendar(ctx, in, in.Date, 1)
	if err != nil {
		return Day{}, err
	}
	d := dayOf(y.bounds(0), y.longest, y.of(0))
	d.Date, d.Zone, d.From, d.To, d.Truncated = in.Date, y.home.Zone.String(), y.midnights[0], y.midnights[1], y.truncated
	return d, nil
}

// calendar reads days, of the day before what may reach into the first, and of the day after what ends a session.
func (s *service) calendar(ctx context.Context, in dayRequest, date string, days int) (*calendar, error) {
	ctx, home, err := s.home(ctx, in)
	if err != nil {
		return nil, reading(err)
	}
	first, err := time.ParseInLocation(time.DateOnly, date, home.Zone)
	if err != nil {
		return nil, err
	}
	y := &calendar{home: home, now: s.now().UTC(), longest: s.cfg.LongestEvent}
	for i := range days + 1 {
		y.midnights = append(y.midnights, first.AddDate(0, 0, i).UTC())
	}
	from, until := y.midnights[0], earlier(y.midnights[days], y.now)
	ctx, v, err := s.view(ctx, activity.ActiveWindow, asked{
		organization: home.ID, employee: in.Employee, computer: in.Computer,
		from: from.Add(-day), until: earlier(y.midnights[days].Add(day), y.now),
	})
	if err != nil || len(v.sights) == 0 {
		return y, reading(err)
	}
	y.byUser = v.sights[0].someUser
	if err := s.read(ctx, y, v.sights, from, until); err != nil {
		return nil, reading(err)
	}
	y.stops, err = s.stopsOf(ctx, y, from.Add(-day), until)
	return y, reading(err)
}

// read reads the kinds that make up days, each in the order of time.
func (s *service) read(ctx context.Context, y *calendar, sights []sight, from, until time.Time) error {
	w := window{limit: maxDayRows*(len(y.midnights)-1) + 1, briefFrom: from.Add(-brief)}
	for _, l := range []struct {
		kind activity.Kind
		into *[]row
		// before also takes of each sight the last event before the day before: it may last until today.
		before bool
	}{
		{activity.ActiveWindow, &y.windows, false},
		{activity.VisitedSite, &y.sites, false},
		{activity.IdlePeriod, &y.idle, true},
		{activity.UserSession, &y.sessions, true},
	} {
		bounded := slices.Clone(sights)
		for i := range bounded {
			if l.kind != activity.UserSession {
				bounded[i].until = earlier(bounded[i].until, until)
			}
		}
		rows, err := s.store.newest(ctx, l.kind, bounded, w)
		if err != nil {
			return err
		}
		if len(rows) >= w.limit {
			rows, y.truncated = rows[:w.limit-1], true
		}
		if l.before {
			if rows, err = s.withEarlier(ctx, l.kind, sights, from.Add(-day), rows); err != nil {
				return err
			}
		}
		slices.Reverse(rows)
		*l.into = rows
	}
	return nil
}

// withEarlier adds the last event before the time, of each sight that begins then.
func (s *service) withEarlier(ctx context.Context, k activity.Kind, sights []sight, before time.Time, rows []row) ([]row, error) {
	for _, v := range sights {
		if !v.from.Equal(before) {
			continue
		}
		v.from, v.until = time.Time{}, v.from
		last, err := s.newest(ctx, k, []sight{v}, window{limit: 1})
		if err != nil {
			return nil, err
		}
		rows = append(rows, last...)
	}
	return rows, nil
}

// stopsOf asks when the agents did not run on the computers of the calendar.
func (s *service) stopsOf(ctx context.Context, y *calendar, from, until time.Time) (map[string][]span, error) {
	var uids []string
	for _, list := range [][]row{y.windows, y.sites, y.idle, y.sessions} {
		for _, e := range list {
			if !slices.Contains(uids, e.ComputerUID) {
				uids = append(uids, e.ComputerUID)
			}
		}
	}
	if len(uids) == 0 {
		return nil, nil
	}
	a, _ := actor.From(ctx)
	stops, err := s.history.Stops(actor.With(ctx, a.In(y.home.ID)), uids, from, until)
	found := map[string][]span{}
	for _, stop := range stops {
		off := span{micros(stop.From), micros(until)}
		if !stop.Until.IsZero() {
			off.to = micros(stop.Until)
		}
		found[stop.UID] = append(found[stop.UID], off)
	}
	return found, err
}

// bounds are those of a day, as far as it has come.
func (y *calendar) bounds(i int) span {
	return span{micros(y.midnights[i]), min(micros(y.midnights[i+1]), micros(y.now))}
}

// of is what was reported of a day, with what of the days around it concerns it: the same, whether one day was read or
// many.
func (y *calendar) of(i int) reported {
	from, until := y.midnights[i], y.midnights[i+1]
	return reported{
		windows: reaching(y.windows, from, until), sites: reaching(y.sites, from, until),
		idle: y.around(y.idle, from, until), sessions: y.around(y.sessions, from, until.Add(day)), stops: y.stops,
	}
}

// reaching are the events that began in the time or may last into it.
func reaching(list []row, from, until time.Time) (rows []row) {
	for _, e := range list {
		long := e.DurationSeconds > int64(brief/time.Second) && !e.Datetime.Before(from.Add(-day))
		if e.Datetime.Before(until) && (long || !e.Datetime.Before(from.Add(-brief))) {
			rows = append(rows, e)
		}
	}
	return rows
}

// around are the events from a day before the time on, and the last of each sight before that.
func (y *calendar) around(list []row, from, until time.Time) (rows []row) {
	last := map[pair]row{}
	for _, e := range list {
		switch {
		case e.Datetime.Before(from.Add(-day)):
			at := seatOf(e)
			if !y.byUser {
				at.sid = ""
			}
			last[at] = e
		case e.Datetime.Before(until):
			rows = append(rows, e)
		}
	}
	for _, e := range last {
		rows = append(rows, e)
	}
	return rows
}
