package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
)

// task is one day of one kind of one organization that is older than its rule, or that a run began and did not finish.
type task struct {
	organization int64
	kind         kind
	rule         rule
	day          time.Time
	rows         int64
	list         []file.File // that go with it
	due          bool        // the rule wants it gone; else there is only what a run left behind
	hold         *holdRow    // nil: nothing keeps it
	run          *runRow     // nil: none has begun
	failed       bool
}

// plan says what is to be done of the kind in the actor's organization, the oldest day first. It changes nothing.
func (s *service) plan(ctx context.Context, k kind, r rule, now time.Time) ([]*task, error) {
	a, _ := actor.From(ctx)
	holds, err := s.store.holds(ctx, a.OrganizationID, now)
	if err != nil {
		return nil, err
	}
	tasks, err := s.expired(ctx, k, r, now)
	if err != nil {
		return nil, fmt.Errorf("look for what is expired: %w", err)
	}
	if tasks, err = s.left(ctx, k, tasks); err != nil {
		return nil, err
	}
	for _, t := range tasks {
		t.organization, t.kind, t.rule, t.hold = a.OrganizationID, k, r, covering(holds, k.rule, t.day)
	}
	slices.SortFunc(tasks, func(a, b *task) int { return a.day.Compare(b.day) })
	return tasks, nil
}

// expired are the days that are older than the rule.
func (s *service) expired(ctx context.Context, k kind, r rule, now time.Time) (tasks []*task, err error) {
	if !r.Active {
		return nil, nil
	}
	if k.rows == "" {
		return s.expiredFiles(ctx, k, r.before(now))
	}
	counts, err := s.keeper.Expired(ctx, k.rows, r.before(now))
	if err != nil {
		return nil, err
	}
	for _, c := range counts {
		tasks = append(tasks, &task{day: c.Day, rows: c.Rows, due: true})
	}
	return tasks, nil
}

// expiredFiles are the days on which files of the kind were stored that are older than the rule.
func (s *service) expiredFiles(ctx context.Context, k kind, before time.Time) (tasks []*task, err error) {
	days := map[time.Time]*task{}
	for f, err := range s.listed(ctx, file.Query{Kind: k.file, Before: before}) {
		if err != nil {
			return nil, err
		}
		d := dayOf(f.CreatedAt)
		if days[d] == nil {
			days[d] = &task{day: d, due: true}
			tasks = append(tasks, days[d])
		}
		days[d].list = append(days[d].list, f)
	}
	return tasks, nil
}

// left adds what a run began and did not finish.
func (s *service) left(ctx context.Context, k kind, tasks []*task) ([]*task, error) {
	a, _ := actor.From(ctx)
	runs, err := s.store.unfinished(ctx, a.OrganizationID)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if run.Kind != k.name {
			continue
		}
		i := slices.IndexFunc(tasks, func(t *task) bool { return t.day.Equal(run.Day) })
		if i < 0 {
			i = len(tasks)
			tasks = append(tasks, &task{day: run.Day.UTC()})
		}
		tasks[i].run = &run
	}
	return tasks, nil
}

// rulesOf are the rules of an organization, or the defaults where it is 0, by resource type.
func (s *service) rulesOf(ctx context.Context, organization int64) (map[string]rule, error) {
	rows, err := s.defaults(ctx)
	if err != nil {
		return nil, err
	}
	if organization != 0 {
		own, err := s.store.rules(ctx, organization)
		if err != nil {
			return nil, err
		}
		rows = append(rows, own...)
	}
	rules := map[string]rule{}
	for _, r := range rows {
		rules[r.Type] = ruleOf(r)
	}
	return rules, nil
}

func ruleOf(r ruleRow) rule { return rule{r.Type, r.Days, r.Action, r.Active} }

// kindPlan is what a run would do with one kind.
type kindPlan struct {
	Kind         string    `json:"kind"`
	ResourceType string    `json:"resourceType"`
	Days         int64     `json:"days"`
	Action       string    `json:"action" enum:"delete,archive"`
	Active       bool      `json:"active"`
	Before       string    `json:"before,omitempty" doc:"the day from which on everything stays"`
	Rows         int64     `json:"rows"`
	Files        int64     `json:"files"`
	Bytes        int64     `json:"bytes" doc:"of the files"`
	HeldRows     int64     `json:"heldRows"`
	HeldFiles    int64     `json:"heldFiles"`
	Items        []dayPlan `json:"items"`
}

// dayPlan is one day of it.
type dayPlan struct {
	Day        string `json:"day"`
	Rows       int64  `json:"rows"`
	Files      int64  `json:"files"`
	Bytes      int64  `json:"bytes"`
	Held       bool   `json:"held"`
	HoldID     string `json:"holdId,omitempty"`
	Unfinished bool   `json:"unfinished,omitempty" doc:"a run began it and did not finish"`
}

// preview says what a run at this moment would do in the actor's one organization.
func (s *service) preview(ctx context.Context, now time.Time) ([]kindPlan, error) {
	a, _ := actor.From(ctx)
	rules, err := s.rulesOf(ctx, a.OrganizationID)
	if err != nil {
		return nil, err
	}
	var all []kindPlan
	for _, k := range kinds() {
		r := rules[k.rule]
		tasks, err := s.plan(ctx, k, r, now)
		if err != nil {
			return nil, err
		}
		p := kindPlan{Kind: k.name, ResourceType: k.rule, Days: r.Days, Action: r.Action, Active: r.Active, Items: []dayPlan{}}
		if r.Active {
			p.Before = r.before(now).Format(time.DateOnly)
		}
		for _, t := range tasks {
			if err := s.countFiles(ctx, t); err != nil {
				return nil, err
			}
			p.add(t)
		}
		all = append(all, p)
	}
	return all, nil
}

// countFiles looks which files would go with the rows of a day.
func (s *service) countFiles(ctx context.Context, t *task) (err error) {
	if t.kind.rows == "" || t.kind.file == "" || !t.due {
		return nil
	}
	paths, err := s.keeper.Files(ctx, t.kind.rows, t.day)
	if err == nil {
		t.list, err = s.beside(ctx, t.kind, paths)
	}
	return err
}

func (p *kindPlan) add(t *task) {
	files, bytes := sizes(t.list)
	d := dayPlan{Day: t.day.Format(time.DateOnly), Rows: t.rows, Files: files, Bytes: bytes, Held: t.hold != nil, Unfinished: t.run != nil}
	if d.Held {
		d.HoldID = t.hold.ID.String()
		p.HeldRows, p.HeldFiles = p.HeldRows+d.Rows, p.HeldFiles+d.Files
	} else {
		p.Rows, p.Files, p.Bytes = p.Rows+d.Rows, p.Files+d.Files, p.Bytes+d.Bytes
	}
	p.Items = append(p.Items, d)
}

// String is the plan for whoever typed the command.
func (p kindPlan) String() string {
	rule := "everything stays"
	if p.Active {
		rule = fmt.Sprintf("%s after %d days", p.Action, p.Days)
	}
	return fmt.Sprintf("%-14s %-24s %9d rows, %7d files; held: %d rows, %d files", p.Kind, rule, p.Rows, p.Files, p.HeldRows, p.HeldFiles)
}
