package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Change is one entry about an object, with the fields that it changed.
type Change struct {
	ID     id.UUID   `json:"id"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor" doc:"as user:7 or key:12"`
	Name   string    `json:"actorName" doc:"of a user that the reader may know; else empty"`
	Action string    `json:"action" doc:"as employee.updated"`
	Reason string    `json:"reason"`
	Fields []Field   `json:"fields"`
}

// UserID is that of the user who did it; 0 where none did.
func (c Change) UserID() int64 {
	digits, _ := strings.CutPrefix(c.Actor, "user:")
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// Field is one that changed, by its name in JSON. What was or is not there is null.
type Field struct {
	Name string `json:"name"`
	From any    `json:"from" doc:"as it was; null for nothing"`
	To   any    `json:"to" doc:"as it is; null for nothing"`
}

// Of asks for what was done to one object.
type Of struct {
	OrganizationID int64
	Object         string // employee:12
	After          string // cursor
	Limit          int
}

// History returns a page of what was done to an object that the caller's actor may see, the newest first, and the cursor of the
// next. Secrets are not in it: none are written.
func (l *Log) History(ctx context.Context, tx db.Tx, of Of) (changes []Change, next string, err error) {
	var rows []row
	limit := db.Limit(of.Limit)
	q := tx.Select(&rows).ModelTableExpr("audit_log AS ?TableAlias").Where("?TableAlias.organization_id = ?", of.OrganizationID).
		Where("?TableAlias.object = ?", of.Object).OrderExpr("?TableAlias.at DESC, ?TableAlias.id DESC").Limit(int64(limit + 1))
	if of.After != "" {
		var at time.Time
		var last id.UUID
		if err := db.ParseCursor(of.After, &at, &last); err != nil {
			return nil, "", err
		}
		q = q.Where("(?TableAlias.at, ?TableAlias.id) < (?, ?)", at.UTC(), last)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next = db.NextPage(rows, limit, func(r row) []any { return []any{r.At.UTC(), r.ID} })
	for _, r := range rows {
		c := Change{ID: r.ID, At: r.At.UTC(), Actor: r.Actor, Action: r.Action, Reason: r.Reason}
		if c.Fields, err = changed(r.Before, r.After); err != nil {
			return nil, "", err
		}
		changes = append(changes, c)
	}
	return changes, next, sign(ctx, tx, changes)
}

// unsaid are fields that change with every other, or never.
var unsaid = []string{"id", "createdAt", "updatedAt"}

// changed are the fields in which two JSON objects differ, by name. An empty text is as good as none.
func changed(before, after json.RawMessage) ([]Field, error) {
	from, err := object(before)
	if err != nil {
		return nil, err
	}
	to, err := object(after)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range from {
		names[name] = true
	}
	for name := range to {
		names[name] = true
	}
	fields := []Field{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(unsaid, name) || alike(from[name], to[name]) {
			continue
		}
		fields = append(fields, Field{name, from[name], to[name]})
	}
	return fields, nil
}

// object reads a JSON object without what is empty in it; anything else has no fields.
func object(raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	fields := map[string]any{}
	err := decoder.Decode(&fields)
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil || v == "" })
	return fields, err
}

func alike(a, b any) bool {
	one, errOne := json.Marshal(a)
	other, errOther := json.Marshal(b)
	return errOne == nil && errOther == nil && bytes.Equal(one, other)
}
