package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

func (s *service) historyRoutes(r httpx.Router) {
	const path = "/api/v2/users"
	r.GET(path+"/:id/history", identity.ReadUsers, httpx.Handle(200, s.getHistory), httpx.Doc("What happened to a user: changes and sign-ins, the latest first"))
	r.GET(path+"/sign-ins", identity.ReadSecurity, httpx.Handle(200, s.getSignIns), httpx.Doc("Sign-ins and refused tries of names that somebody has, the latest first"))
}

type historyRequest struct {
	ID    int64  `path:"id" json:"-"`
	After string `query:"after"`
	Limit int    `query:"limit"`
}

// happened is what was written down of a user.
type happened struct {
	ID        id.UUID   `json:"id"`
	At        time.Time `json:"at"`
	Action    string    `json:"action" doc:"user.signed_in, user.updated and the like"`
	Actor     string    `json:"actor" doc:"who did it: user:7"`
	ClientIP  string    `json:"clientIp,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
	Method    string    `json:"method,omitempty" doc:"how the user signed in"`
	Reason    string    `json:"reason,omitempty" doc:"why it was refused: password, code or inactive"`
	Failures  int       `json:"failures,omitzero" doc:"in a row"`
	Until     time.Time `json:"until,omitzero" doc:"of a lock-out"`
}

type historyItem struct {
	happened
	Changes []fieldChange `json:"changes,omitempty"`
}

func asHappened(r audit.Recorded) happened {
	t := tellOf(r)
	return happened{
		ID: r.ID, At: r.At, Action: r.Action, Actor: r.Actor, ClientIP: r.ClientIP, UserAgent: t.UserAgent, Method: t.Method,
		Reason: t.Reason, Failures: t.Failures, Until: t.Until.UTC(),
	}
}

// afterID reads the cursor of a page of entries.
func afterID(cursor string) (after id.UUID, err error) {
	if cursor != "" {
		err = db.ParseCursor(cursor, &after)
	}
	return after, err
}

func placeOf(r audit.Recorded) []any { return []any{r.ID} }

func (s *service) getHistory(ctx context.Context, in historyRequest) (page httpx.Page[historyItem], err error) {
	after, err := afterID(in.After)
	if err != nil {
		return page, err
	}
	limit := db.Limit(in.Limit)
	rows, err := s.history(ctx, in.ID, after, limit)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, limit, placeOf)
	for _, r := range rows {
		page.Items = append(page.Items, historyItem{asHappened(r), changesOf(r)})
	}
	return page, nil
}

type signInsRequest struct {
	UserID int64     `query:"userId"`
	Failed *bool     `query:"failed" doc:"true: only what was refused; false: only sign-ins"`
	From   time.Time `query:"from"`
	To     time.Time `query:"to" doc:"up to this time, which is not included"`
	After  string    `query:"after"`
	Limit  int       `query:"limit"`
}

type signInItem struct {
	happened
	UserID         int64  `json:"userId"`
	Name           string `json:"name" doc:"of the user; empty if there is none any more"`
	Username       string `json:"username"`
	OrganizationID int64  `json:"organizationId,omitzero"`
}

func (in signInsRequest) query() (q audit.Query, err error) {
	q = audit.Query{From: in.From, To: in.To, Limit: db.Limit(in.Limit)}
	if in.UserID != 0 {
		q.Object = userObject(in.UserID)
	}
	if in.Failed != nil && *in.Failed {
		q.Actions = signInActions[1:]
	} else if in.Failed != nil {
		q.Actions = signInActions[:1]
	}
	q.After, err = afterID(in.After)
	return q, err
}

func (s *service) getSignIns(ctx context.Context, in signInsRequest) (page httpx.Page[signInItem], err error) {
	q, err := in.query()
	if err != nil {
		return page, err
	}
	rows, users, err := s.signIns(ctx, q)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, q.Limit, placeOf)
	for _, r := range rows {
		u := users[userOf(r)]
		page.Items = append(page.Items, signInItem{asHappened(r), userOf(r), u.Name, u.Username, r.OrganizationID})
	}
	return page, nil
}
