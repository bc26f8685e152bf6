package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Query asks for entries; what is empty asks nothing.
type Query struct {
	Object  string
	Actions []string
	From    time.Time
	To      time.Time // up to this time, which is not included
	// After is the entry after which the page begins.
	After id.UUID
	Limit int
}

// Recorded is an entry as it was written down.
type Recorded struct {
	ID             id.UUID
	At             time.Time
	OrganizationID int64 // 0 for nobody's
	Actor          string
	Action         string
	Object         string
	Reason         string
	Before, After  json.RawMessage
	ClientIP       string
}

// Read returns a page of what the transaction's actor may see, the latest first, and one more. What was only tried on
// other organizations' rows is not among it.
func (l *Log) Read(ctx context.Context, tx db.Tx, q Query) ([]Recorded, error) {
	var rows []row
	sel := tx.Select(&rows).ModelTableExpr("audit_log AS ?TableAlias").Where("?TableAlias.reason <> ?", violationReason).
		OrderExpr("?TableAlias.id DESC").Limit(int64(q.Limit + 1)) // ids are in the order of time
	if q.Object != "" {
		sel = sel.Where("?TableAlias.object = ?", q.Object)
	}
	if len(q.Actions) > 0 {
		args := make([]any, len(q.Actions))
		for i, action := range q.Actions {
			args[i] = action
		}
		sel = sel.Where("?TableAlias.action IN (?"+strings.Repeat(", ?", len(args)-1)+")", args...)
	}
	if !q.From.IsZero() {
		sel = sel.Where("?TableAlias.at >= ?", q.From.UTC())
	}
	if !q.To.IsZero() {
		sel = sel.Where("?TableAlias.at < ?", q.To.UTC())
	}
	if q.After != id.Nil {
		sel = sel.Where("?TableAlias.id < ?", q.After)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	all := make([]Recorded, len(rows))
	for i, r := range rows {
		all[i] = Recorded{
			ID: r.ID, At: r.At.UTC(), Actor: r.Actor, Action: r.Action, Object: r.Object, Reason: r.Reason, Before: r.Before, After: r.After, ClientIP: r.ClientIP,
		}
		if r.OrganizationID != nil {
			all[i].OrganizationID = *r.OrganizationID
		}
	}
	return all, nil
}
