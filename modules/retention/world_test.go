package retention

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// fakeRow is a row as the keeper of the tests has it.
type fakeRow struct {
	kind activity.Kind
	at   time.Time
	id   string
	path string
}

// world keeps rows and files in memory, as monitoring and storage keep them. It can fail at a step, before it or after.
type world struct {
	mu      sync.Mutex
	rows    map[int64]map[string]fakeRow
	files   map[int64]map[string]fakeFile
	dropped []string
	steps   int
	fail    func(step int, name string) error // before a step
	after   func(step int, name string)
}

type fakeFile struct {
	file.File
	body []byte
}

func newWorld() *world {
	return &world{rows: map[int64]map[string]fakeRow{}, files: map[int64]map[string]fakeFile{}}
}

// step counts what the service asks for, and returns what to call when it is done.
func (w *world) step(ctx context.Context, name string) (organization int64, done func(), err error) {
	if err := ctx.Err(); err != nil {
		return 0, func() {}, err
	}
	a, _ := actor.From(ctx)
	w.mu.Lock()
	w.steps++
	n := w.steps
	if w.fail != nil {
		err = w.fail(n, name)
	}
	return a.OrganizationID, func() {
		w.mu.Unlock()
		if w.after != nil && err == nil {
			w.after(n, name)
		}
	}, err
}

// add keeps a row, with its picture if it is one.
func (w *world) add(organization int64, k activity.Kind, at time.Time, id string) {
	r := fakeRow{kind: k, at: at, id: id}
	if k == activity.Screenshot {
		r.path = "screenshots" + at.Format("/2006/01/02/") + id + ".png"
		for _, p := range []string{r.path, stem(r.path) + ".thumb.jpg", stem(r.path) + ".blur.jpg"} {
			w.store(organization, p, file.Screenshot, at, "picture "+p)
		}
	}
	if w.rows[organization] == nil {
		w.rows[organization] = map[string]fakeRow{}
	}
	w.rows[organization][string(k)+id] = r
}

func (w *world) store(organization int64, p string, k file.Kind, at time.Time, body string) {
	if w.files[organization] == nil {
		w.files[organization] = map[string]fakeFile{}
	}
	sum := sha256.Sum256([]byte(body))
	w.files[organization][p] = fakeFile{file.File{
		Path: p, OrganizationID: organization, Kind: k, ContentType: "x/y", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(body)), CreatedAt: at,
	}, []byte(body)}
}

// of are an organization's rows of a kind in [from, until), in order.
func (w *world) of(organization int64, k activity.Kind, from, until time.Time) []fakeRow {
	rows := slices.DeleteFunc(slices.Collect(maps.Values(w.rows[organization])), func(r fakeRow) bool {
		return r.kind != k || r.at.Before(from) || !r.at.Before(until)
	})
	slices.SortFunc(rows, func(a, b fakeRow) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	return rows
}

func (w *world) Expired(ctx context.Context, k activity.Kind, before time.Time) (counts []activity.DayCount, err error) {
	o, done, err := w.step(ctx, "expired")
	defer done()
	for _, r := range w.of(o, k, time.Time{}, before) {
		if d := dayOf(r.at); len(counts) == 0 || !counts[len(counts)-1].Day.Equal(d) {
			counts = append(counts, activity.DayCount{Day: d})
		}
		counts[len(counts)-1].Rows++
	}
	return counts, err
}

func (w *world) Files(ctx context.Context, k activity.Kind, on time.Time) (paths []string, err error) {
	o, done, err := w.step(ctx, "files")
	defer done()
	for _, r := range w.of(o, k, on, on.Add(day)) {
		if r.path != "" {
			paths = append(paths, r.path)
		}
	}
	return paths, err
}

func (w *world) Export(ctx context.Context, k activity.Kind, on time.Time, out io.Writer) (n int64, err error) {
	o, done, err := w.step(ctx, "export")
	rows := w.of(o, k, on, on.Add(day))
	done() // whoever reads may ask the world meanwhile
	if err != nil {
		return 0, err
	}
	sheet := csv.NewWriter(out)
	lines := [][]string{{"datetime", "id", "file_path"}}
	for _, r := range rows {
		lines = append(lines, []string{r.at.Format(time.RFC3339Nano), r.id, r.path})
	}
	return int64(len(rows)), sheet.WriteAll(lines)
}

func sheetRows(k activity.Kind, in io.Reader) (rows []fakeRow, err error) {
	lines, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, l := range lines[1:] {
		at, err := time.Parse(time.RFC3339Nano, l[0])
		if err != nil {
			return nil, err
		}
		rows = append(rows, fakeRow{k, at, l[1], l[2]})
	}
	return rows, nil
}

func (w *world) Remove(ctx context.Context, k activity.Kind, on time.Time) (n int64, err error) {
	o, done, err := w.step(ctx, "remove")
	defer done()
	if err != nil {
		return 0, err
	}
	for _, r := range w.of(o, k, on, on.Add(day)) {
		delete(w.rows[o], string(k)+r.id)
		n++
	}
	return n, nil
}

func (w *world) RemoveExported(ctx context.Context, k activity.Kind, on time.Time, in io.Reader) (n int64, err error) {
	rows, err := sheetRows(k, in)
	if err != nil {
		return 0, err
	}
	o, done, err := w.step(ctx, "remove")
	defer done()
	for i, r := range rows {
		if err != nil && i >= len(rows)/2 { // who dies has removed a part
			return n, err
		}
		if _, has := w.rows[o][string(k)+r.id]; has {
			delete(w.rows[o], string(k)+r.id)
			n++
		}
	}
	return n, err
}

func (w *world) Import(ctx context.Context, k activity.Kind, in io.Reader) (n int64, err error) {
	rows, err := sheetRows(k, in)
	if err != nil {
		return 0, err
	}
	o, done, err := w.step(ctx, "import")
	defer done()
	for _, r := range rows {
		if _, has := w.rows[o][string(k)+r.id]; !has {
			w.rows[o][string(k)+r.id] = r
			n++
		}
	}
	return n, err
}

func (w *world) Drop(ctx context.Context, k activity.Kind, before time.Time, organizations []int64) (days int, err error) {
	_, done, err := w.step(ctx, "drop")
	defer done()
	if err != nil {
		return 0, err
	}
	for o := range w.rows { // up to the first day of somebody else
		if first := w.of(o, k, time.Time{}, before); !slices.Contains(organizations, o) && len(first) > 0 {
			before = dayOf(first[0].at)
		}
	}
	slices.Sort(organizations)
	w.dropped = append(w.dropped, fmt.Sprintf("%s before %s of %v", k, before.Format(time.DateOnly), organizations))
	for _, o := range organizations {
		for _, r := range w.of(o, k, time.Time{}, before) {
			delete(w.rows[o], string(k)+r.id)
		}
	}
	return 1, nil
}

// shelf is the world as a file.Store.
type shelf struct{ *world }

var (
	errNoFile    = fault.New(fault.NotFound, "storage.unknown")
	errOtherFile = fault.New(fault.Conflict, "storage.exists")
)

func (w shelf) Put(ctx context.Context, n file.New, in io.Reader) (file.File, error) {
	body, err := io.ReadAll(in)
	if err != nil {
		return file.File{}, err
	}
	o, done, err := w.step(ctx, "put")
	defer done()
	if err != nil {
		return file.File{}, err
	}
	if old, has := w.files[o][n.Path]; has {
		if !bytes.Equal(old.body, body) {
			return file.File{}, errOtherFile
		}
		return old.File, nil
	}
	w.store(o, n.Path, n.Kind, noon, string(body))
	f := w.files[o][n.Path]
	f.ContentType, f.Metadata = n.ContentType, n.Metadata
	w.files[o][n.Path] = f
	return f.File, nil
}

func (w shelf) Open(ctx context.Context, p string) (io.ReadCloser, file.File, error) {
	o, done, err := w.step(ctx, "open")
	defer done()
	f, has := w.files[o][p]
	if err == nil && !has {
		err = errNoFile
	}
	return io.NopCloser(bytes.NewReader(f.body)), f.File, err
}

func (w shelf) Stat(ctx context.Context, p string) (file.File, error) {
	_, f, err := w.Open(ctx, p)
	return f, err
}

func (w shelf) Delete(ctx context.Context, paths ...string) error {
	o, done, err := w.step(ctx, "delete")
	defer done()
	for i, p := range paths {
		if err != nil && i >= len(paths)/2 {
			return err
		}
		delete(w.files[o], p)
	}
	return err
}

// List gives pages of two, in the order of paths.
func (w shelf) List(ctx context.Context, q file.Query) (files []file.File, next string, err error) {
	o, done, err := w.step(ctx, "list")
	defer done()
	for _, p := range slices.Sorted(maps.Keys(w.files[o])) {
		f := w.files[o][p].File
		if p <= q.After || !strings.HasPrefix(p, q.Prefix) || q.Kind != "" && f.Kind != q.Kind || !q.Before.IsZero() && !f.CreatedAt.Before(q.Before) {
			continue
		}
		if len(files) == 2 {
			return files, files[1].Path, err
		}
		files = append(files, f)
	}
	return files, "", err
}

func (shelf) URL(context.Context, string, time.Duration) (string, error) {
	return "", errors.ErrUnsupported
}

func (shelf) Usage(context.Context) (file.Usage, error) { return file.Usage{}, errors.ErrUnsupported }

// left is all that there is, one line for each row and file.
func (w *world) left() (lines []string) {
	for o, rows := range w.rows {
		for _, r := range rows {
			lines = append(lines, fmt.Sprintf("%d %s %s %s", o, r.kind, r.at.Format(time.DateOnly), r.id))
		}
	}
	for o, files := range w.files {
		for p, f := range files {
			lines = append(lines, fmt.Sprintf("%d file %s %s %x", o, p, f.Kind, sha256.Sum256(f.body)))
		}
	}
	slices.Sort(lines)
	return lines
}
