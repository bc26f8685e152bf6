package storage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/kernel"
)

const usage = "usage: storage scan [--delete [--force]]"

// command compares files with rows, beside a running server or without one.
func (m *Module) command(ctx context.Context, h *kernel.CommandHost, args []string) (err error) {
	if len(args) == 0 || args[0] != "scan" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("storage scan", flag.ContinueOnError)
	flags.SetOutput(h.Out)
	remove := flags.Bool("delete", false, "remove files without a row that are older than a day")
	force := flags.Bool("force", false, "remove them even if the store or the database looks like another one")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New(usage)
	}
	blobs, signer, err := m.open(h.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	s := &service{store: store{h.DB}, blobs: blobs, signer: signer, cfg: &m.cfg, log: h.Log, now: time.Now,
		audit: audit.New(audit.Options{DB: h.DB, Log: h.Log})}
	return s.report(actor.With(ctx, actor.System("storage scan")), h.Out, *remove, *force)
}

func (s *service) report(ctx context.Context, out io.Writer, remove, force bool) error {
	found, err := s.scan(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "files: %d, %s\n", found.files, config.Bytes(found.bytes))
	fmt.Fprintf(out, "without a row, older than %.0f hours: %d, %s\n", strayAfter.Hours(), found.strayFiles, config.Bytes(found.strayBytes))
	for _, path := range found.strays[:min(len(found.strays), maxShown)] {
		fmt.Fprintf(out, "  %s\n", path)
	}
	fmt.Fprintf(out, "rows without their file: %d\n", found.lostRows)
	for _, path := range found.lost {
		fmt.Fprintf(out, "  %s\n", path)
	}
	if !remove {
		return nil
	}
	if err := found.suspicious(); err != nil && !force {
		return err
	}
	err = s.note(ctx, audit.Entry{
		Action: "file.strays_deleted", Permission: file.Write, Object: "storage",
		Before: map[string]any{"files": len(found.strays), "of": found.files, "force": force},
	})
	if err != nil {
		return err
	}
	err = s.clean(ctx, &found)
	fmt.Fprintf(out, "removed: %d files, %d unfinished uploads\n", found.removed, found.swept)
	return err
}
