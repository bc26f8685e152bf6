package buffer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// spoolPrefix begins the FilePath of an event whose picture is in the spool.
const spoolPrefix = "spool:"

// Take keeps a picture for the uplink: first its file, then the row that names it. It returns when both are durable.
// A key is taken once; what comes with it later is not looked at.
func (s *service) Take(ctx context.Context, sh shot.Shot) (shot.Receipt, error) {
	a, ok := actor.From(ctx)
	switch {
	case !ok:
		return shot.Receipt{}, db.ErrNoActor
	case a.OrganizationID == 0:
		return shot.Receipt{}, db.ErrNoOrganization
	}
	if err := s.admit(0); err != nil {
		return shot.Receipt{}, err
	}
	known, err := s.known(ctx, a.OrganizationID, sh.Event.Key)
	if err != nil || known != "" {
		return receiptOf(known, true, err)
	}
	p, err := s.spool.write(sh.Body, s.reserve)
	if err != nil {
		return shot.Receipt{}, s.unspooled(ctx, err)
	}
	receipt, err := s.enter(ctx, a.OrganizationID, sh.Event, p)
	if err != nil || receipt.Known {
		s.spool.discard(p)
		return receipt, err
	}
	s.spool.writing.Add(-p.size)
	return receipt, nil
}

// known returns the payload of the picture that the key says this is; empty if there is none.
func (s *service) known(ctx context.Context, organizationID int64, key string) (payload string, err error) {
	err = s.store.db.Read(s.reading(ctx), func(ctx context.Context, tx db.Tx) error {
		payload, err = pictureOf(ctx, tx, organizationID, key)
		return err
	})
	if err != nil {
		err = kept(err)
	}
	return payload, err
}

// reserve finds room for a piece of a picture, on the disk as it is: what deleted rows left in the buffer's file is
// no room for another.
func (s *service) reserve(n int64) error {
	s.mu.Lock()
	taken := s.size.file + s.wal + s.spooled
	s.mu.Unlock()
	if taken+s.spool.writing.Add(n) <= s.cfg.fileLimit() {
		return nil
	}
	s.spool.writing.Add(-n)
	s.metrics.refused.Inc()
	return errFull
}

// unspooled says to the sender why a picture is not kept. A full disk is the writer's news as well.
func (s *service) unspooled(ctx context.Context, err error) error {
	var disk *spoolError
	if !errors.As(err, &disk) {
		return err
	}
	if errors.Is(err, db.ErrFull) {
		err = s.do(ctx, &job{change: func(context.Context, db.Tx, *working) error { return disk }})
	}
	return kept(err)
}

// enter makes the row of a picture that is on the disk.
func (s *service) enter(ctx context.Context, organizationID int64, e activity.Event, p picture) (shot.Receipt, error) {
	e.Kind, e.FilePath, e.FileSize, e.SHA256 = activity.Screenshot, spoolPrefix+p.name, p.size, p.sha256
	r, err := encode(organizationID, []activity.Event{e})
	if err != nil {
		return shot.Receipt{}, err
	}
	var known string
	err = s.do(ctx, &job{size: r.bytes, change: func(ctx context.Context, tx db.Tx, w *working) (err error) {
		if known, err = pictureOf(ctx, tx, organizationID, e.Key); err != nil || known != "" {
			return err
		}
		now := s.now()
		seq, err := insertPicture(ctx, tx, r, e.Key, p, now)
		if err != nil {
			return err
		}
		t := w.touch(backlog.Picture)
		if t.Pending == 0 {
			t.first, t.oldest = seq, now
		}
		t.Last = seq
		t.Pending++
		w.spooled += p.size
		w.news = true
		return nil
	}})
	switch {
	case err != nil:
		return shot.Receipt{}, kept(err)
	case known != "":
		return receiptOf(known, true, nil)
	}
	return receiptOf(r.payloads[0], false, nil)
}

// receiptOf says how the picture of a row is kept.
func receiptOf(payload string, known bool, err error) (r shot.Receipt, _ error) {
	if err != nil {
		return r, err
	}
	r.Known = known
	if err := json.Unmarshal([]byte(payload), &r.Event); err != nil {
		return shot.Receipt{}, fmt.Errorf("read a picture's row: %w", err)
	}
	return r, nil
}

// Picture opens the file of a row, after it was read once to see that it is what was taken.
func (s *service) Picture(ctx context.Context, seq int64) (backlog.Spooled, error) {
	row, err := s.store.file(s.reading(ctx), seq)
	if errors.Is(err, db.ErrNotFound) {
		return backlog.Spooled{}, backlog.ErrLost
	}
	if err != nil {
		return backlog.Spooled{}, err
	}
	f, err := s.spool.open(row)
	if err != nil {
		return backlog.Spooled{}, err
	}
	return backlog.Spooled{File: f, Name: row.Name, ContentType: row.ContentType, Size: row.Size, SHA256: row.SHA256}, nil
}

// Drop gives a row up and notes that it will never be delivered.
func (s *service) Drop(ctx context.Context, stream backlog.Stream, seq int64, reason string) error {
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, w *working) error {
		n, err := deleteOne(ctx, tx, stream, seq)
		if err != nil || n == 0 {
			return err
		}
		if err := drop(ctx, tx, stream, backlog.Dropped{First: seq, Last: seq, Reason: reason}, s.now()); err != nil {
			return err
		}
		if err := w.release(ctx, tx, stream, seq, seq); err != nil {
			return err
		}
		t := w.touch(stream)
		t.Pending -= n
		w.dropped[reason] += n
		w.news = true
		return t.find(ctx, tx)
	}})
}

// release lets go of the files of a run of positions, which are delivered or dropped.
func (w *working) release(ctx context.Context, tx db.Tx, stream backlog.Stream, first, last int64) error {
	if stream != backlog.Picture {
		return nil
	}
	gone, err := takeFiles(ctx, tx, first, last)
	w.lose(gone)
	return err
}

// lose notes files that go when the commit holds.
func (w *working) lose(gone []fileRow) {
	for _, f := range gone {
		w.spooled -= f.Size
		w.gone = append(w.gone, f.Name)
	}
}
