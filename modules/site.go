package modules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/jobs"
)

// site is what the server roles of a process share: one database, perhaps one of time series, and what stands on them.
type site struct {
	db, series *db.DB // the same unless TimescaleDB has the time series
	runners    []*jobs.Runner
}

// open opens the server's databases. A SQLite file is brought to this binary's schema; PostgreSQL is only compared.
func (p *Process) open(ctx context.Context, logger *slog.Logger) (*site, error) {
	d, err := p.openPrimary(ctx, logger)
	if err != nil {
		return nil, err
	}
	series, err := p.openSeries(ctx, d, logger)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &site{db: d, series: series}, nil
}

func (p *Process) openPrimary(ctx context.Context, logger *slog.Logger) (*db.DB, error) {
	address := p.own.database.URL.Reveal()
	if address == "" {
		address = filepath.Join(p.own.root.Data, "staff-control.db")
	}
	d, err := db.Open(ctx, address, logger)
	if err != nil {
		return nil, err
	}
	if d.Name() == "sqlite" {
		err = d.Migrate(ctx, migrations.For(d.Name()), p.now(), jobs.Migrate)
	} else {
		err = d.CheckSchema(ctx, migrations.For(d.Name()))
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openSeries opens TimescaleDB where the settings name it, or where its extension is created in the server's own
// database; elsewhere time series are with all else. That it is away is no fault: it may come.
func (p *Process) openSeries(ctx context.Context, primary *db.DB, logger *slog.Logger) (*db.DB, error) {
	address := p.seriesAddress(primary)
	if address == "" {
		return primary, nil
	}
	d, err := db.OpenSeries(address, migrations.Timescale(), logger)
	if err != nil {
		return nil, err
	}
	err = d.Ping(ctx)
	if errors.Is(err, db.ErrUnfit) {
		return nil, errors.Join(err, d.Close())
	}
	if err != nil {
		logger.WarnContext(ctx, "TimescaleDB does not answer; until it does, time series go to the server's own database", "error", err)
	}
	return d, nil
}

// seriesAddress is where TimescaleDB is; empty for nowhere.
func (p *Process) seriesAddress(primary *db.DB) string {
	switch {
	case p.own.database.second():
		return p.own.database.TimescaleURL.Reveal()
	case primary.Timescale() != "":
		return p.own.database.URL.Reveal()
	}
	return ""
}

func (s *site) close(logger *slog.Logger) {
	for _, r := range s.runners {
		r.Close()
	}
	if s.series != s.db {
		if err := s.series.Close(); err != nil {
			logger.Error("close the database of time series", "error", err)
		}
	}
	if err := s.db.Close(); err != nil {
		logger.Error("close the database", "error", err)
	}
}

// Migrate brings the server's databases to this binary's schema, on PostgreSQL as the owner.
func (p *Process) Migrate(ctx context.Context) error {
	primary, err := p.migratePrimary(ctx)
	if err != nil {
		return err
	}
	return errors.Join(p.migrateSeries(ctx, primary), primary.Close())
}

func (p *Process) migratePrimary(ctx context.Context) (*db.DB, error) {
	owner := p.own.database.OwnerURL
	if owner == "" && !db.IsPostgres(p.own.database.URL.Reveal()) {
		return p.openPrimary(ctx, slog.New(slog.DiscardHandler))
	}
	if owner == "" {
		return nil, errors.New("migrate: database.owner_url (DATABASE_OWNER_URL) must be set: staff_owner owns the tables")
	}
	d, err := db.OpenOwner(owner.Reveal())
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, migrations.For("postgres"), p.now(), jobs.Migrate); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// migrateSeries makes the tables of time series on TimescaleDB, if it is used.
func (p *Process) migrateSeries(ctx context.Context, primary *db.DB) error {
	owner := p.own.database.TimescaleOwnerURL.Reveal()
	if p.own.database.second() && owner == "" {
		return errors.New("migrate: database.timescale_owner_url must be set beside database.timescale_url: staff_owner owns the tables")
	}
	if owner == "" {
		if has, err := primary.HasTimescale(ctx); err != nil || !has {
			return err
		}
		owner = p.own.database.OwnerURL.Reveal()
	}
	series, err := db.OpenSeriesOwner(owner)
	if err != nil {
		return err
	}
	return errors.Join(db.MigrateSeries(ctx, primary, series, migrations.Timescale(), p.own.database.CompressAfter), series.Close())
}

// CheckEngine prints what keeps the rows, as far as it can be reached. It makes and changes nothing.
func (p *Process) CheckEngine(ctx context.Context, out io.Writer) {
	engine := db.FileEngine().String()
	series := ", with the time series"
	var primary *db.DB
	if address := p.own.database.URL.Reveal(); db.IsPostgres(address) {
		d, err := db.Open(ctx, address, slog.New(slog.DiscardHandler))
		if err != nil {
			fmt.Fprintf(out, "database: postgresql, which cannot be used now: %v\n", err)
			return
		}
		defer d.Close()
		engine, primary = d.Engine().String(), d
	}
	if primary != nil || p.own.database.second() {
		series = p.checkSeries(ctx, primary, series)
	}
	fmt.Fprintf(out, "database: %s%s\n", engine, series)
}

func (p *Process) checkSeries(ctx context.Context, primary *db.DB, otherwise string) string {
	address := p.own.database.TimescaleURL.Reveal()
	where := "in a database of their own"
	if address == "" {
		if address, where = p.seriesAddress(primary), "in the same database"; address == "" {
			return otherwise
		}
	}
	d, err := db.OpenSeries(address, migrations.Timescale(), slog.New(slog.DiscardHandler))
	if err == nil {
		defer d.Close()
		err = d.Ping(ctx)
	}
	if err != nil {
		return fmt.Sprintf("; time series: timescaledb %s, which cannot be used now: %v", where, err)
	}
	return fmt.Sprintf("; time series: %s %s", d.Engine(), where)
}
