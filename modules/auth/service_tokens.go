package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// tokenPrefix tells tokens of programs from keys and from access tokens.
	tokenPrefix = "sct_"
	// maxTokenDays is the longest life of a token: one that nobody needs any more ends by itself.
	maxTokenDays = 366
	// maxTokens is how many tokens a user can have.
	maxTokens = 50
	// keepTokens is how long one that has expired is still listed.
	keepTokens = 30 * 24 * time.Hour
)

// isAPIToken reports the form of programs' tokens.
func isAPIToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

// tokenInput is what is asked of a new token.
type tokenInput struct {
	Name           string    `json:"name"`
	Scopes         []string  `json:"scopes" doc:"names of rights, each of which you must have"`
	OrganizationID int64     `json:"organizationId,omitzero" doc:"of an ADMIN's token; otherwise it is your own"`
	ExpiresAt      time.Time `json:"expiresAt" doc:"at most 366 days from now"`
	proof
}

func (in *tokenInput) check(now time.Time, mine []string) error {
	var f fault.Fields
	f.Text("name", in.Name, 1, maxName)
	if len(in.Scopes) == 0 {
		f.Add("scopes", "required", nil)
	}
	in.Scopes = slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	for _, scope := range in.Scopes {
		if !slices.Contains(mine, scope) {
			f.Add("scopes", codeScope, fault.Params{"Name": scope})
			break
		}
	}
	if !in.ExpiresAt.After(now) || in.ExpiresAt.After(now.AddDate(0, 0, maxTokenDays)) {
		f.Add("expiresAt", codeTokenLife, fault.Params{"Days": maxTokenDays})
	}
	if in.OrganizationID == 0 {
		f.Add("organizationId", "required", nil)
	}
	return f.Err()
}

// grantable are the names of the rights that the actor can give to a token: what its role holds, and not what is for
// people alone.
func grantable(ctx context.Context, all []actor.Permission) []string {
	a, _ := actor.From(ctx)
	names := []string{}
	for _, p := range all {
		if a.Can(p) && p.Name != actor.Public.Name && p.Name != actor.SignedIn.Name {
			names = append(names, p.Name)
		}
	}
	return names
}

// createToken makes a token that acts for the actor, and returns it for the only time.
func (s *service) createToken(ctx context.Context, in tokenInput, mine []string) (row tokenRow, text string, err error) {
	a, _ := actor.From(ctx)
	if in.OrganizationID == 0 {
		in.OrganizationID = a.OrganizationID
	}
	if err := in.check(s.time(), mine); err != nil {
		return row, "", err
	}
	text = secret.New(tokenPrefix)
	row = tokenRow{
		Owned: db.Owned{OrganizationID: in.OrganizationID}, Name: in.Name, Hash: secret.Hash(text), Prefix: text[:len(tokenPrefix)+shownKey],
		Scopes: strings.Join(in.Scopes, ","), CreatedAt: s.time(), ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	err = s.proven(ctx, in.proof, func(ctx context.Context, tx db.Tx, u userRow) error {
		row.UserID = u.ID
		list, err := s.store.tokens(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if len(list) >= maxTokens {
			return tooMany("name", maxTokens)
		}
		if err := s.store.insertToken(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, tokenEntry("api_token.created", row, nil, asToken(row)))
	})
	s.guard.forget()
	if errors.Is(err, db.ErrMissingReference) || errors.Is(err, db.ErrForeign) {
		var f fault.Fields
		f.Add("organizationId", "unknown_reference", nil)
		err = f.Err()
	}
	return row, text, err
}

func tokenObject(id int64) string { return fmt.Sprintf("token:%d", id) }

func tokenEntry(action string, row tokenRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: actor.SignedIn, Object: tokenObject(row.ID), OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

// tokensOf returns the tokens of a user that are not revoked.
func (s *service) tokensOf(ctx context.Context, userID int64) (rows []tokenRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.user(ctx, tx, userID); err != nil {
			return err
		}
		rows, err = s.store.tokens(ctx, tx, userID)
		return err
	})
	return rows, s.userFault(ctx, "read", userID, err)
}

// revokeToken ends a token: of the actor's own, or for whoever may write users anybody's that the actor sees.
func (s *service) revokeToken(ctx context.Context, id int64, own bool) error {
	a, _ := actor.From(ctx)
	defer s.sessions.forget()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.token(ctx, tx, id)
		if err != nil {
			return err
		}
		if own && row.UserID != a.UserID {
			return db.ErrNotFound
		}
		if err := s.store.revokeToken(ctx, tx, id, s.time()); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, tokenEntry("api_token.revoked", row, asToken(row), nil))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*tokenRow)(nil), id, "api_token", "api_token.revoked")
		return errNoToken.Wrap(err)
	}
	return err
}

// revokeTokens ends all tokens of a user: somebody else may have made them.
func (s *service) revokeTokens(ctx context.Context, tx db.Tx, userID int64) error {
	rows, err := s.store.tokens(ctx, tx, userID)
	for _, row := range rows {
		err = errors.Join(err, s.store.revokeToken(ctx, tx, row.ID, s.time()), s.audit.Write(ctx, tx, tokenEntry("api_token.revoked", row, asToken(row), nil)))
	}
	return err
}

// byProgram returns the actor of a token: its creator as it is now, in the token's organization, as far as the scopes go.
func (s *service) byProgram(ctx context.Context, text string) (actor.Actor, error) {
	hash, now := secret.Hash(text), s.time()
	remembered := id.Derive(0, "api token", hash)
	known, fresh, generation := s.sessions.find(remembered, now)
	if !fresh {
		var err error
		if known, err = s.recallToken(asSystem(ctx), hash, now); err != nil {
			return actor.Actor{}, err
		}
		s.sessions.keep(remembered, known, generation)
	}
	return known.actor, nil
}

func (s *service) recallToken(ctx context.Context, hash string, now time.Time) (session, error) {
	var row tokenRow
	var u userRow
	var departments []int64
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if row, err = s.store.tokenByHash(ctx, tx, hash); err != nil {
			return err
		}
		if u, err = s.store.user(ctx, tx, row.UserID); err != nil {
			return err
		}
		departments, err = s.store.departmentsOf(ctx, tx, u.ID)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNotFound):
		return session{}, errAPIToken
	case err != nil:
		return session{}, err
	}
	a := actorOf(u)
	if !u.IsActive || !row.RevokedAt.IsZero() || !now.Before(row.ExpiresAt) || a.Role != actor.Admin && a.OrganizationID != row.OrganizationID {
		return session{}, errAPIToken
	}
	a = a.In(row.OrganizationID)
	a.ID, a.UserID, a.Scopes = tokenObject(row.ID), 0, row.scopes() // a program is no person
	if a.Role == actor.DepartmentLead {
		if a.DepartmentIDs, err = s.tree.Below(actor.With(ctx, a), departments); err != nil {
			return session{}, err
		}
	}
	return session{actor: a, checkedAt: now}, s.touchToken(ctx, row, now)
}

func (s *service) touchToken(ctx context.Context, row tokenRow, now time.Time) error {
	if now.Sub(row.LastUsedAt) < touchEvery {
		return nil
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.store.touchToken(ctx, tx, row.ID, now, now.Add(-touchEvery))
	})
}
