package db

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
)

// Tx is a transaction that sees one organization, or all of them where the actor crosses
// organizations. Its builders add the scope themselves.
type Tx struct {
	db    *DB
	bun   bun.Tx
	conn  *sql.Conn
	actor actor.Actor
	notes *[]note
}

// scope says how rows of a model belong to an organization.
type scope int

const (
	scopeGlobal scope = iota
	scopeOwned
	scopeMaybeOwned
	scopeTenant
)

type scoped interface{ scope() scope }

// Owned is embedded by a model whose rows have one organization each.
type Owned struct {
	OrganizationID int64 `bun:"organization_id,notnull,skipupdate"`
}

// MaybeOwned is embedded by a model whose rows may have no organization. Such rows are seen by
// actors that cross organizations, and by nobody else.
type MaybeOwned struct {
	OrganizationID *int64 `bun:"organization_id,skipupdate"`
}

// Tenant is embedded by the model of the organizations themselves: an actor sees its own.
type Tenant struct {
	ID int64 `bun:"id,pk,autoincrement"`
}

// Global is embedded by a model whose rows belong to no organization.
type Global struct{}

func (Owned) scope() scope      { return scopeOwned }
func (MaybeOwned) scope() scope { return scopeMaybeOwned }
func (Tenant) scope() scope     { return scopeTenant }
func (Global) scope() scope     { return scopeGlobal }

type stamper interface{ stamp(actor.Actor) error }

func (o *Owned) stamp(a actor.Actor) error {
	switch {
	case a.CrossesOrganizations() && o.OrganizationID == 0:
		return ErrNoOrganization
	case a.CrossesOrganizations():
		return nil
	case o.OrganizationID != 0 && o.OrganizationID != a.OrganizationID:
		return ErrForeign
	}
	o.OrganizationID = a.OrganizationID
	return nil
}

func (o *MaybeOwned) stamp(a actor.Actor) error {
	switch {
	case a.CrossesOrganizations():
		return nil
	case o.OrganizationID != nil && *o.OrganizationID != a.OrganizationID:
		return ErrForeign
	}
	o.OrganizationID = &a.OrganizationID
	return nil
}

func (t *Tenant) stamp(a actor.Actor) error {
	if a.CrossesOrganizations() {
		return nil
	}
	return ErrForeign
}

// Select reads rows of the model that the actor may see.
func (tx Tx) Select(model any) *bun.SelectQuery {
	q := tx.bun.NewSelect().Model(model)
	if where, args := tx.where(model); where != "" {
		q = q.Where(where, args...)
	}
	return q
}

// Update changes rows of the model that the actor may see, and never their organization.
func (tx Tx) Update(model any) *bun.UpdateQuery {
	q := tx.bun.NewUpdate().Model(model)
	if where, args := tx.where(model); where != "" {
		q = q.Where(where, args...)
	}
	return q
}

// Delete removes rows of the model that the actor may see.
func (tx Tx) Delete(model any) *bun.DeleteQuery {
	q := tx.bun.NewDelete().Model(model)
	if where, args := tx.where(model); where != "" {
		q = q.Where(where, args...)
	}
	return q
}

// Insert adds the model, or the models of a slice, in the actor's organization. An actor that crosses
// organizations has to name one in an Owned row.
func (tx Tx) Insert(model any) *bun.InsertQuery {
	q := tx.bun.NewInsert().Model(model)
	if err := tx.stamp(reflect.ValueOf(model)); err != nil {
		return q.Err(err)
	}
	return q
}

// Raw runs SQL that the builders cannot say. The caller writes the scope itself, says in a comment how,
// and has a test that another tenant's rows stay out of reach.
func (tx Tx) Raw(query string, args ...any) *bun.RawQuery { return tx.bun.NewRaw(query, args...) }

// Actor is on whose behalf the transaction runs.
func (tx Tx) Actor() actor.Actor { return tx.actor }

// Driver lends the driver's connection that carries the transaction, for the one library that
// needs it (jobs). What runs on it commits and rolls back with the transaction.
func (tx Tx) Driver(fn func(driverConn any) error) error { return tx.conn.Raw(fn) }

// SQL is the transaction as database/sql knows it, for the same use as Driver.
func (tx Tx) SQL() *sql.Tx { return tx.bun.Tx }

func (tx Tx) where(model any) (string, []any) {
	kind := scopeOf(reflect.TypeOf(model))
	if kind == scopeGlobal || tx.actor.CrossesOrganizations() {
		return "", nil
	}
	if kind == scopeTenant {
		return "?TableAlias.id = ?", []any{tx.actor.OrganizationID}
	}
	return "?TableAlias.organization_id = ?", []any{tx.actor.OrganizationID}
}

// scopeOf panics for a model without a scope: a bug that the model's first test finds.
func scopeOf(t reflect.Type) scope {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		t = t.Elem()
	}
	if t != nil && t.Kind() == reflect.Struct {
		if s, ok := reflect.New(t).Interface().(scoped); ok {
			return s.scope()
		}
	}
	panic(fmt.Sprintf("db: model %v embeds none of Owned, MaybeOwned, Tenant, Global", t))
}

func (tx Tx) stamp(v reflect.Value) error {
	if scopeOf(v.Type()) == scopeGlobal {
		return nil
	}
	for v.Kind() == reflect.Pointer && v.Elem().Kind() != reflect.Struct {
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		for i := range v.Len() {
			if err := tx.stamp(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if v.Kind() == reflect.Struct {
		v = v.Addr()
	}
	return v.Interface().(stamper).stamp(tx.actor)
}

// One returns err, or ErrNotFound if no row was touched.
func One(res sql.Result, err error) error {
	if err != nil {
		return Translate(err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// MaxIDs bounds the ids that one statement names: they stand in its text.
const MaxIDs = 1000

// Column is one column of a Bulk: its name and a slice with a value for each row. The slice is one of
// []string, []*string, []int64, []*int64, []int32, []time.Time, []*time.Time, []id.UUID, []bool, []float64.
type Column struct {
	Name   string
	Values any
}

// Rows describes many rows for Bulk.
type Rows struct {
	Table   string
	Columns []Column
	// Owned adds the column organization_id with the actor's organization, of which there must be one.
	Owned bool
	// SkipKnown leaves rows out whose key is there already (ON CONFLICT DO NOTHING).
	SkipKnown bool
}

// Bulk inserts many rows in as few statements as the database likes best and returns how many were new.
func (tx Tx) Bulk(ctx context.Context, r Rows) (int64, error) {
	n := reflect.ValueOf(r.Columns[0].Values).Len()
	for _, c := range r.Columns[1:] {
		if m := reflect.ValueOf(c.Values).Len(); m != n {
			return 0, fmt.Errorf("bulk into %s: column %s has %d values, %s has %d", r.Table, r.Columns[0].Name, n, c.Name, m)
		}
	}
	if r.Owned && tx.actor.OrganizationID == 0 {
		return 0, ErrNoOrganization
	}
	if n == 0 {
		return 0, nil
	}
	inserted, err := tx.db.dialect.bulk(ctx, tx, r, n)
	return inserted, Translate(err)
}
