package updater

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

// downloadsName is the directory, in that of the data, of packages on their way. A file's name there is the package's
// SHA-256, so that what a restart has cut off is found again.
const downloadsName = "updates"

// room is what has to be free for a package: itself, what is in it, and something for the gateway to go on with.
func room(size int64) uint64 { return uint64(size)*5 + 64<<20 }

// maxFruitless is how often in a row a download may be cut off without having brought a byte: the waits between are minutes then.
const maxFruitless = 8

// errUseless is of what was downloaded so far: it has to begin anew.
var errUseless = errors.New("what was downloaded is of no use")

// download is one package on its way.
type download struct {
	client      *http.Client
	url         string
	path        string // of the part that is there
	size        int64  // 0 if nobody has said
	stall, wait time.Duration
}

// fetch downloads the whole package to path. Nobody has looked into it then.
func (u *updater) fetch(ctx context.Context, m update.Manifest, path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of updates: %w", err)
	}
	forgetOthers(dir, m.SHA256)
	for _, place := range []string{dir, u.slots.dir} {
		if err := u.spacious(ctx, place, room(m.Size)); err != nil {
			return err
		}
	}
	address, err := u.source(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, u.cfg.Timeout, errors.New("it took too long"))
	defer cancel()
	d := download{u.cloud.Client(), address, path, m.Size, u.stall, u.wait}
	err = d.run(ctx)
	switch {
	case noRoom(err):
		d.forget() // what is left of the disk is for the gateway to go on with
		return update.ErrRoom.Wrap(err)
	case err != nil:
		return update.ErrDownload.Wrap(err)
	}
	return nil
}

// noRoom is of a disk that is full, or full for us.
func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// full gives the fault of a full disk its code, wherever it came up.
func full(err error) error {
	if noRoom(err) && !errors.Is(err, update.ErrRoom) {
		return update.ErrRoom.Wrap(err)
	}
	return err
}

// forgetOthers removes what was left of other packages.
func forgetOthers(dir, digest string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, file := range files {
		if !strings.HasPrefix(filepath.Base(file), digest) {
			os.Remove(file)
		}
	}
}

// spacious refuses to fill a disk that others need.
func (u *updater) spacious(ctx context.Context, dir string, need uint64) error {
	free, err := u.free(ctx, dir)
	if err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free < need {
		return update.ErrRoom.Wrap(fmt.Errorf("%s has %d MB free, %d are needed", dir, free>>20, need>>20))
	}
	return nil
}

func freeBytes(ctx context.Context, dir string) (uint64, error) {
	usage, err := disk.UsageWithContext(ctx, dir)
	if err != nil {
		return 0, err
	}
	return usage.Free, nil
}

// run goes on where an earlier one stopped, and goes on again when the line is cut.
func (d download) run(ctx context.Context) error {
	for fruitless := 0; ; {
		before := d.have()
		err := d.more(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, errUseless) {
			if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if fruitless++; d.have() > before {
			fruitless = 0
		}
		var final refusal
		if errors.As(err, &final) || noRoom(err) || fruitless >= maxFruitless {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(d.wait << min(fruitless, 4)):
		}
	}
}

// refusal is an answer that will not be another one soon.
type refusal string

func (r refusal) Error() string { return string(r) }

// have is how much of the package is there.
func (d download) have() int64 {
	info, err := os.Stat(d.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tag is the server's word for the very bytes of which a part is there.
type tag struct {
	ETag string `json:"etag"`
}

const tagSuffix = ".json"

func (d download) tagPath() string { return d.path + tagSuffix }

// forget removes what was downloaded so far.
func (d download) forget() {
	os.Remove(d.path)
	os.Remove(d.tagPath())
}

// more downloads what is missing, or as much as comes.
func (d download) more(ctx context.Context) error {
	have := d.have()
	if d.size > 0 && have == d.size {
		return nil
	}
	if d.size > 0 && have > d.size {
		return errUseless
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A peer that says nothing for so long is as good as gone.
	silence := time.AfterFunc(d.stall, func() { cancel(errors.New("nothing came any more")) })
	defer silence.Stop()
	res, err := d.request(ctx, have)
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	defer res.Body.Close()
	f, err := d.open(res, have)
	if err != nil {
		return err
	}
	limit := int64(maxPackage)
	if d.size > 0 {
		limit = d.size
	}
	if offset, err := f.Seek(0, io.SeekCurrent); err == nil {
		limit -= offset
	}
	n, err := io.Copy(f, &lively{io.LimitReader(res.Body, limit+1), silence, d.stall})
	if err != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if n > limit {
		return errors.Join(errUseless, refusal("the package is larger than it was said to be"))
	}
	if d.size > 0 && n < limit {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (d download) request(ctx context.Context, have int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	var t tag
	if have > 0 && jsonfile.Read(d.tagPath(), &t) == nil && t.ETag != "" {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		req.Header.Set("If-Range", t.ETag)
	}
	return d.client.Do(req)
}

// open opens the part's file where the answer goes on.
func (d download) open(res *http.Response, have int64) (*os.File, error) {
	const flags = os.O_CREATE | os.O_WRONLY
	switch code := res.StatusCode; {
	case code == http.StatusPartialContent && strings.HasPrefix(res.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
		return os.OpenFile(d.path, flags|os.O_APPEND, 0o600)
	case code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable:
		return nil, errUseless
	case code == http.StatusOK:
		etag := res.Header.Get("ETag")
		if strings.HasPrefix(etag, "W/") {
			etag = "" // the like of it is not enough to go on with
		}
		if err := jsonfile.Write(d.tagPath(), tag{etag}); err != nil {
			return nil, err
		}
		return os.OpenFile(d.path, flags|os.O_TRUNC, 0o600)
	case code == http.StatusTooManyRequests, code >= 500:
		return nil, fmt.Errorf("the package: %s", res.Status)
	}
	return nil, refusal("the package: " + res.Status)
}

// lively puts the silence off as long as something comes.
type lively struct {
	from    io.Reader
	silence *time.Timer
	stall   time.Duration
}

func (l *lively) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if n > 0 {
		l.silence.Reset(l.stall)
	}
	return n, err
}
