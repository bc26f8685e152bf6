package commands

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// awaited returns the command of the calling gateway that asks for a file and has not ended.
func (s *service) awaited(ctx context.Context, gatewayID, commandID id.UUID) (commandRow, error) {
	row, err := s.store.byID(ctx, commandID)
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*commandRow)(nil), commandID, "command", "commands.diagnostics")
		return row, errUnknown.Wrap(err)
	case err != nil:
		return row, err
	case row.GatewayID != gatewayID || row.Type != command.CollectDiagnostics:
		return row, errUnknown
	case row.Status != command.Sent:
		return row, errNotAwaited
	}
	return row, nil
}

// keepBundle keeps the file that the command asked for. The first one that comes whole stays: who brings it again, because
// the answer was lost, is told of that one, and nothing is written. One whose command has ended on its way is not kept.
func (s *service) keepBundle(ctx context.Context, row commandRow, body io.Reader) (file.File, error) {
	n := file.New{
		Path: "diagnostics/" + row.GatewayID.String() + "/" + row.ID.String() + ".tar.gz", Kind: file.Archive, ContentType: bundleType,
		Metadata: map[string]string{"command": row.ID.String()},
	}
	f, err := s.files.Put(ctx, n, body)
	ctx = context.WithoutCancel(ctx) // what is stored is named, or goes, whether the gateway still is there or not
	if errors.Is(err, file.ErrExists) {
		f, err = s.files.Stat(ctx, n.Path)
	}
	if err != nil {
		return f, err
	}
	awaited, err := s.store.setBundle(ctx, row.ID, n.Path)
	if err == nil && !awaited {
		err = errors.Join(errNotAwaited, s.files.Delete(ctx, n.Path))
	}
	return f, err
}

// bundle opens the file that a command has brought. Who downloads it is written down.
func (s *service) bundle(ctx context.Context, commandID id.UUID) (io.ReadCloser, file.File, error) {
	row, err := s.seen(ctx, commandID, "commands.diagnostics")
	if err != nil {
		return nil, file.File{}, err
	}
	if row.Bundle == "" {
		return nil, file.File{}, errNoBundle
	}
	a, _ := actor.From(ctx)
	ctx = actor.With(ctx, a.In(row.OrganizationID))
	body, f, err := s.files.Open(ctx, row.Bundle)
	if err != nil {
		return nil, f, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.audit.Write(ctx, tx, audit.Entry{Action: "commands.diagnostics", Permission: command.Write, Object: "command:" + row.ID.String(), OrganizationID: row.OrganizationID})
	})
	if err != nil {
		body.Close()
	}
	return body, f, err
}

// dropBundle deletes the file that a command has brought.
func (s *service) dropBundle(ctx context.Context, row commandRow) error {
	a, _ := actor.From(ctx)
	ctx = actor.With(ctx, a.In(row.OrganizationID))
	if err := s.files.Delete(ctx, row.Bundle); err != nil {
		return fmt.Errorf("delete diagnostics: %w", err)
	}
	return s.store.clearBundle(ctx, row.ID)
}
