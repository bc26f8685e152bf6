package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	maxType = 255
	// patience is how long a client should wait while the store does not answer.
	patience = 10 * time.Second
	// races is how often an upload may find that its path's row has just come or gone.
	races = 10
	// settleTime bounds the writing of an upload's row.
	settleTime = 20 * time.Second
	// anyType is the type of what nobody said the type of.
	anyType = "application/octet-stream"
)

var kinds = []file.Kind{file.Screenshot, file.Archive, file.Credential, file.Profile}

// service keeps files and rows in step: a file is stored before its row, and removed after it. Each upload has a name
// of its own in the store, so uploads of one path never touch each other, and one that came to nothing touches nobody.
type service struct {
	store   store
	blobs   blob.Store
	signer  *blob.Signer
	tree    organization.Tree
	alerts  alert.Log
	audit   *audit.Log
	cfg     *Config
	metrics metrics
	log     *slog.Logger
	now     func() time.Time
}

// organizationOf is the one organization that the actor works in.
func organizationOf(ctx context.Context) (int64, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		var f fault.Fields
		f.Add("organization", "required", nil)
		return 0, f.Err()
	}
	return a.OrganizationID, nil
}

// Put implements file.Store.
func (s *service) Put(ctx context.Context, n file.New, body io.Reader) (f file.File, err error) {
	defer s.metrics.measure("put", s.now, &err)()
	row, err := s.draft(ctx, n)
	if err != nil {
		return f, err
	}
	known, err := s.store.byPath(ctx, n.Path)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return f, err
	}
	if err == nil {
		whole, err := s.whole(ctx, known)
		if err != nil {
			return f, err
		}
		if whole {
			return same(ctx, known, body)
		}
	}
	if err := s.upload(ctx, &row, body); err != nil {
		return f, err
	}
	return s.settle(ctx, row)
}

// draft is the row of a new file, as far as it is known before the file.
func (s *service) draft(ctx context.Context, n file.New) (row fileRow, err error) {
	home, err := organizationOf(ctx)
	if err != nil {
		return row, err
	}
	if n.ContentType == "" {
		n.ContentType = anyType
	}
	row = fileRow{
		Owned: db.Owned{OrganizationID: home}, ID: id.New(), Path: n.Path, Kind: n.Kind, ContentType: n.ContentType,
		Metadata: n.Metadata, CreatedAt: s.now().UTC().Truncate(time.Microsecond),
	}
	row.Blob = blobOf(row)
	if row.Metadata == nil {
		row.Metadata = map[string]string{}
	}
	var f fault.Fields
	if blob.CheckPath(n.Path) != nil || blob.CheckPath(row.Blob) != nil {
		f.Add("path", codePath, nil)
	}
	if blob.CheckMetadata(n.Metadata) != nil {
		f.Add("metadata", codeMetadata, nil)
	}
	checkKind(&f, n.Kind, kinds)
	if _, _, err := mime.ParseMediaType(n.ContentType); err != nil || len(n.ContentType) > maxType {
		f.Add("contentType", "wrong_format", nil)
	}
	return row, f.Err()
}

func checkKind(f *fault.Fields, k file.Kind, allowed []file.Kind) {
	if !slices.Contains(allowed, k) {
		f.Add("kind", "not_one_of", fault.Params{"Values": strings.Trim(fmt.Sprint(allowed), "[]")})
	}
}

// blobOf is the path of an upload in the store: the file's own below its organization, with what no other upload has
// before its ending.
func blobOf(row fileRow) string {
	ending := path.Ext(row.Path)
	return fmt.Sprintf("org-%d/%s.%x%s", row.OrganizationID, strings.TrimSuffix(row.Path, ending), row.ID[8:], ending)
}

// whole reports whether the store has what the row says.
func (s *service) whole(ctx context.Context, row fileRow) (bool, error) {
	o, err := s.blobs.Stat(ctx, row.Blob)
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return false, faultOf(ctx, err)
	}
	return err == nil && o.Size == row.Size, nil
}

// same is the known file if the body is its content.
func same(ctx context.Context, known fileRow, body io.Reader) (f file.File, err error) {
	d := newDigest(body)
	if _, err := io.Copy(io.Discard, d); err != nil {
		return f, faultOf(ctx, err)
	}
	if d.sum() != known.SHA256 {
		return f, file.ErrExists
	}
	return known.file(), nil
}

func (s *service) upload(ctx context.Context, row *fileRow, body io.Reader) error {
	d := newDigest(body)
	o := blob.Options{ContentType: row.ContentType, Metadata: row.Metadata}
	if b, known := body.(interface{ Len() int }); known {
		o.Size = int64(b.Len()) // so that no more memory is taken than it needs
	}
	if _, err := s.blobs.Put(ctx, row.Blob, d, o); err != nil {
		return faultOf(ctx, err)
	}
	row.SHA256, row.Size = d.sum(), d.size
	s.metrics.bytes.WithLabelValues("in").Add(float64(d.size))
	return nil
}

// settle gives what has been uploaded its row, however many others put or delete the path meanwhile. Where it cannot be
// known whether a row names the upload now, it stays: the scan removes what no row names.
func (s *service) settle(ctx context.Context, row fileRow) (f file.File, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime) // the file is there: who goes away now leaves it a row
	defer cancel()
	for range races {
		added, err := s.store.insert(ctx, row)
		if err != nil || added {
			return row.file(), err
		}
		known, err := s.store.byPath(ctx, row.Path)
		if err == nil {
			f, err = s.meet(ctx, known, row)
		}
		if !errors.Is(err, db.ErrNotFound) {
			return f, err
		}
	}
	s.discard(ctx, row.Blob)
	return f, errUnavailable.After(patience)
}

// meet is for an upload whose path has a row: it takes the place of a file that was lost, and is not needed where the same
// is there. It returns db.ErrNotFound if the row has changed.
func (s *service) meet(ctx context.Context, known, row fileRow) (f file.File, err error) {
	if known.SHA256 != row.SHA256 {
		s.discard(ctx, row.Blob)
		return f, file.ErrExists
	}
	whole, err := s.whole(ctx, known)
	if err != nil {
		return f, err
	}
	if whole {
		s.discard(ctx, row.Blob)
		return known.file(), nil
	}
	lost := known.Blob
	known.Blob = row.Blob
	if err := s.store.move(ctx, known, lost); err != nil {
		return f, err
	}
	s.log.WarnContext(ctx, "a lost file was put again", "file", known.ID)
	return known.file(), nil
}

// discard removes uploads that no row names. What stays, the scan removes.
func (s *service) discard(ctx context.Context, blobs ...string) {
	if n, err := s.erase(context.WithoutCancel(ctx), blobs); err != nil {
		s.log.WarnContext(ctx, "files without a row stay until the next scan", "files", len(blobs)-n, "error", err)
	}
}

// Open implements file.Store.
func (s *service) Open(ctx context.Context, path string) (body io.ReadCloser, f file.File, err error) {
	row, err := s.row(ctx, path)
	if err != nil {
		return nil, f, err
	}
	return s.content(ctx, row)
}

func (s *service) content(ctx context.Context, row fileRow) (body io.ReadCloser, f file.File, err error) {
	defer s.metrics.measure("open", s.now, &err)()
	r, _, err := s.blobs.Open(ctx, row.Blob)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, f, file.ErrLost.Wrap(err)
	}
	if err != nil {
		return nil, f, faultOf(ctx, err)
	}
	return &verified{digest: newDigest(r), Closer: r, row: row, count: s.metrics.bytes.WithLabelValues("out").Add}, row.file(), nil
}

func (s *service) row(ctx context.Context, path string) (row fileRow, err error) {
	if _, err := organizationOf(ctx); err != nil {
		return row, err
	}
	if blob.CheckPath(path) != nil {
		return row, file.ErrUnknown
	}
	row, err = s.store.byPath(ctx, path)
	return row, notFound(err)
}

// Stat implements file.Store.
func (s *service) Stat(ctx context.Context, path string) (file.File, error) {
	row, err := s.row(ctx, path)
	return row.file(), err
}

// List implements file.Store.
func (s *service) List(ctx context.Context, q file.Query) (files []file.File, next string, err error) {
	rows, next, err := s.page(ctx, q)
	for _, row := range rows {
		files = append(files, row.file())
	}
	return files, next, err
}

func (s *service) page(ctx context.Context, q file.Query) (rows []fileRow, next string, err error) {
	if _, err := organizationOf(ctx); err != nil {
		return nil, "", err
	}
	if strings.ContainsFunc(q.Prefix, unicode.IsControl) || !utf8.ValidString(q.Prefix) {
		return nil, "", nil // no path begins so
	}
	if q.After != "" {
		if err := db.ParseCursor(q.After, &q.After); err != nil {
			return nil, "", err
		}
	}
	limit := db.Limit(q.Limit)
	q.Limit = limit + 1
	if rows, err = s.store.list(ctx, q); err != nil {
		return nil, "", err
	}
	rows, next = db.NextPage(rows, limit, func(r fileRow) []any { return []any{r.Path} })
	return rows, next, nil
}

// URL implements file.Store.
func (s *service) URL(ctx context.Context, path string, expiresIn time.Duration) (string, error) {
	row, err := s.row(ctx, path)
	if err != nil {
		return "", err
	}
	return s.link(ctx, row, expiresIn)
}

func (s *service) link(ctx context.Context, row fileRow, expiresIn time.Duration) (string, error) {
	if expiresIn < time.Second || expiresIn > maxExpiry {
		var f fault.Fields
		f.Add("expiresInSeconds", "above_max", fault.Params{"Max": int64(maxExpiry / time.Second)})
		return "", f.Err()
	}
	link, err := s.blobs.URL(ctx, row.Blob, expiresIn, disposition(row.ContentType, row.Path))
	return link, faultOf(ctx, err)
}

// Usage implements file.Store.
func (s *service) Usage(ctx context.Context) (u file.Usage, err error) {
	if _, err := organizationOf(ctx); err != nil {
		return u, err
	}
	u.ByKind, err = s.store.usage(ctx)
	for _, k := range u.ByKind {
		u.Files, u.Bytes = u.Files+k.Files, u.Bytes+k.Bytes
	}
	if u.ByKind == nil {
		u.ByKind = []file.KindUsage{}
	}
	return u, err
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return file.ErrUnknown.Wrap(err)
	}
	return err
}

// faultOf says what an error of the store of files means to the asker. A body that broke says it itself.
func faultOf(ctx context.Context, err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) || ctx.Err() != nil {
		return err
	}
	var wrong fault.Fields
	switch { // which no later try changes
	case errors.Is(err, blob.ErrPath):
		wrong.Add("path", codePath, nil)
	case errors.Is(err, blob.ErrMetadata):
		wrong.Add("metadata", codeMetadata, nil)
	default:
		return errUnavailable.Wrap(err).After(patience)
	}
	return wrong.Err()
}
