package screenshots

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/picture"
)

// Take is shot.Taker. The files come first, then their row: what fails in between is done again by the next try, which
// finds the same files under the same names.
func (s *service) Take(ctx context.Context, in shot.Shot) (shot.Receipt, error) {
	r, err := s.take(ctx, in)
	s.metrics.taken(r, err)
	return r, err
}

func (s *service) take(ctx context.Context, in shot.Shot) (shot.Receipt, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return shot.Receipt{}, db.ErrNoOrganization
	}
	if err := check(&in.Event); err != nil {
		return shot.Receipt{}, err
	}
	e := in.Event
	at := activity.ScreenshotIDOf(a.OrganizationID, &e)
	there, err := s.known(ctx, at, &e)
	if err != nil {
		return shot.Receipt{}, err
	}
	if there == pictured {
		return shot.Receipt{Known: true, Event: e}, s.skip(in.Body)
	}
	rules, err := s.rules.Of(ctx, e.ComputerUID, e.UserSID)
	if err != nil {
		return shot.Receipt{}, err
	}
	if ok, _ := rules.Keeps(&e); !ok {
		return shot.Receipt{}, cmp.Or(s.skip(in.Body), error(errSwitchedOff))
	}
	if e.Aside = s.shots.Aside(e); e.Aside != "" {
		return s.setAside(ctx, at, e, in.Body)
	}
	held := holding{of: s.inFlight}
	defer held.drop()
	data, err := readAll(in.Body, s.cfg.MaxSize, held.add)
	if err != nil {
		return shot.Receipt{}, err
	}
	prints, err := s.develop(ctx, data, e.SHA256, rules.Pictures(e.At).Grayscale)
	if errors.Is(err, picture.ErrTooSlow) && s.slow.again(at) {
		err = errBusy.Wrap(err)
	}
	if err != nil {
		return shot.Receipt{}, err
	}
	if err := s.keep(ctx, at, prints, &e, there); err != nil {
		return shot.Receipt{}, err
	}
	r, err := s.record(ctx, e)
	r.Known = r.Known && there != told
	return r, err
}

// setAside is of a picture that cannot have happened: quarantine tells of it, and the picture is not kept.
func (s *service) setAside(ctx context.Context, at activity.ScreenshotID, e activity.Event, body io.Reader) (shot.Receipt, error) {
	if err := s.skip(body); err != nil {
		return shot.Receipt{}, err
	}
	e.FilePath = at.Files()
	return s.record(ctx, e)
}

// check refuses an event that is no screenshot, or that no row could hold.
func check(e *activity.Event) error {
	var f fault.Fields
	need := func(field, value string) {
		if value == "" {
			f.Add(field, codeRequired, nil)
		}
	}
	need("key", e.Key)
	need("computerUid", e.ComputerUID)
	if e.Kind != activity.Screenshot {
		f.Add("type", codeNotAShot, nil)
	}
	switch {
	case e.At.IsZero():
		f.Add("at", codeRequired, nil)
	case !db.KeepsTime(e.At):
		f.Add("at", codeNotATime, nil)
	}
	return f.Err()
}

// presence is what is there of a screenshot before it is taken.
type presence int

const (
	unsure   presence = iota // the rows cannot be read now
	absent                   // no row, so what files there are is nobody's
	told                     // a row without its picture
	pictured                 // both
)

// known says what is there of the screenshot, and of a picture writes into the event what is stored.
func (s *service) known(ctx context.Context, at activity.ScreenshotID, e *activity.Event) (presence, error) {
	row, err := s.shots.Screenshot(ctx, at)
	if errors.Is(err, activity.ErrScreenshotUnknown) {
		return absent, nil
	}
	if err != nil {
		return unsure, nil
	}
	f, err := s.full(ctx, at)
	if errors.Is(err, errNoPicture) {
		return told, nil
	}
	e.FilePath, e.FileSize, e.SHA256, e.Width, e.Height = f.Path, f.Size, f.SHA256, row.Width, row.Height
	return pictured, err
}

// skip reads what nobody needs, so that the sender reads the answer and not a broken connection.
func (s *service) skip(body io.Reader) error {
	if b, can := body.(shot.Skipper); can {
		return b.Skip(int64(s.cfg.MaxSize))
	}
	_, err := io.Copy(io.Discard, io.LimitReader(body, int64(s.cfg.MaxSize)))
	return err
}

// prints are what is kept of one picture.
type prints struct {
	full               []byte
	contentType, ext   string
	thumbnail, blurred []byte
	width, height      int
}

// develop makes the prints of a picture.
func (s *service) develop(ctx context.Context, data []byte, hash string, greyscale bool) (prints, error) {
	if sum := sha256.Sum256(data); hash != "" && !strings.EqualFold(hash, hex.EncodeToString(sum[:])) {
		return prints{}, errUnreadable
	}
	p, err := s.cfg.inspect(data)
	if err != nil {
		return prints{}, err
	}
	memory := p.Memory
	if greyscale {
		memory += int64(p.Width) * int64(p.Height)
	}
	done, err := s.turn(ctx, min(memory, int64(s.cfg.DecodeMemory)))
	if err != nil {
		return prints{}, err
	}
	defer done()
	defer func(began time.Time) { s.metrics.decoded(s.now().Sub(began)) }(s.now())
	return printsOf(p, greyscale, s.now)
}

func printsOf(p picture.Picture, greyscale bool, now func() time.Time) (prints, error) {
	img, err := decoded(p, now)
	if err != nil {
		return prints{}, err
	}
	img = opaque(img)
	out := prints{full: p.Data, contentType: p.ContentType(), ext: p.Ext(), width: p.Width, height: p.Height}
	encode := picture.JPEG
	if greyscale {
		encode = func(img image.Image, quality int) ([]byte, error) { return picture.JPEG(grey(img), quality) }
		out.contentType, out.ext = picture.JPEGType, picture.JPEGExt
		if out.full, err = encode(img, qualityFull); err != nil {
			return prints{}, err
		}
	}
	size := img.Bounds().Size()
	thumbnail := picture.Shrunk(img, picture.Fit(size, small))
	if out.thumbnail, err = encode(thumbnail, qualitySmall); err != nil {
		return prints{}, err
	}
	out.blurred, err = encode(blurred(thumbnail, size), qualityBlurred)
	return out, err
}

// keep stores the prints and writes into the event what is stored. Others may be there, of a try whose row was not
// written, since the policy or the program has changed: those go, or colours would stay where grey is asked for. Where
// a row that cannot be read now may have them, the sender comes again.
func (s *service) keep(ctx context.Context, at activity.ScreenshotID, p prints, e *activity.Event, there presence) error {
	full, err := s.store(ctx, at, p)
	if errors.Is(err, file.ErrExists) && there != unsure {
		if err := s.files.Delete(ctx, pathsOf(at)...); err != nil {
			return storing(ctx, err)
		}
		full, err = s.store(ctx, at, p)
	}
	if errors.Is(err, file.ErrExists) {
		return errStorage.Wrap(err)
	}
	e.FilePath, e.FileSize, e.SHA256 = full.Path, full.Size, full.SHA256
	e.Width, e.Height = int32(p.width), int32(p.height)
	return storing(ctx, err)
}

// store stores the prints, the picture itself last: where that is, all are. One that is there with another content is
// file.ErrExists.
func (s *service) store(ctx context.Context, at activity.ScreenshotID, p prints) (full file.File, err error) {
	const jpg = picture.JPEGType
	for _, f := range []struct {
		ext, contentType string
		data             []byte
	}{{extBlurred, jpg, p.blurred}, {extThumbnail, jpg, p.thumbnail}, {p.ext, p.contentType, p.full}} {
		n := file.New{Path: at.Files() + f.ext, Kind: file.Screenshot, ContentType: f.contentType}
		if full, err = s.files.Put(ctx, n, bytes.NewReader(f.data)); err != nil {
			return full, err
		}
	}
	return full, nil
}

// record writes the row.
func (s *service) record(ctx context.Context, e activity.Event) (shot.Receipt, error) {
	r, err := s.sink.Put(ctx, activity.Batch{Events: []activity.Event{e}})
	if err != nil {
		return shot.Receipt{}, err
	}
	return shot.Receipt{Known: r.Known > 0, Fallback: r.Fallback, Quarantined: r.Quarantined > 0, Event: e}, nil
}
