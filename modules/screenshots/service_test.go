package screenshots

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

func TestFilesComeFirstThenTheRowThatNamesThem(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	in := of(t, "k", "full.jpg")
	sent, err := io.ReadAll(in.Body)
	if err != nil {
		t.Fatal(err)
	}
	in.Body = bytes.NewReader(sent)
	r := mustTake(t, s, sender(1), in)
	if got := strings.Join(p.log, ", "); got != "file .blur.jpg, file .thumb.jpg, file .jpg, row" {
		t.Errorf("done: %s", got)
	}
	e := r.Event
	full := p.stored["1:"+e.FilePath]
	if r.Known || e.FilePath != activity.ScreenshotIDOf(1, &e).Files()+".jpg" || !bytes.Equal(full.data, sent) || full.Kind != file.Screenshot || full.ContentType != "image/jpeg" {
		t.Errorf("receipt %+v, file %+v", r, full.File)
	}
	if e.SHA256 != full.SHA256 || e.FileSize != int64(len(sent)) || e.Width != 150 || e.Height != 103 || e.Title != "Hisobot" {
		t.Errorf("event %+v", e)
	}
	for _, row := range p.rows {
		if row.FilePath != e.FilePath || row.SHA256 != full.SHA256 || row.Width != 150 {
			t.Errorf("row %+v", row)
		}
	}
	if n := testutil.ToFloat64(s.metrics.bytes); n != float64(len(sent)) {
		t.Errorf("%v bytes counted", n)
	}
}

func TestTheSameEventTwiceIsOne(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	first := mustTake(t, s, sender(1), of(t, "k", "full.jpg"))
	log := len(p.log)
	body := &counting{Reader: bytes.NewReader(picturetest.Samples(t)["progressive.jpg"])}
	again := of(t, "k", "progressive.jpg") // the same event with another picture: the first counts
	again.Body = body
	second := mustTake(t, s, sender(1), again)
	if !second.Known || second.Event.FilePath != first.Event.FilePath || second.Event.SHA256 != first.Event.SHA256 || len(p.log) != log || len(p.rows) != 1 {
		t.Errorf("the second time: %+v, %v", second, p.log)
	}
	if !body.ended {
		t.Error("the body of a picture that is known was left unread")
	}
}

type counting struct {
	io.Reader
	ended bool
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.ended = c.ended || err == io.EOF
	return n, err
}

func TestTheSameEventAtOneTimeIsOne(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	var all sync.WaitGroup
	for range 8 {
		in := of(t, "k", "full.jpg")
		all.Go(func() {
			if _, err := s.Take(sender(1), in); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(p.rows) != 1 || len(p.stored) != 3 {
		t.Errorf("%d rows, %d files", len(p.rows), len(p.stored))
	}
}

func TestTwoOrganizationsWithOneKeyDoNotMeet(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	mine, theirs := mustTake(t, s, sender(1), of(t, "k", "full.jpg")), mustTake(t, s, sender(2), of(t, "k", "half.jpg"))
	if mine.Known || theirs.Known || mine.Event.FilePath == theirs.Event.FilePath || len(p.rows) != 2 || len(p.stored) != 6 {
		t.Errorf("%+v and %+v", mine, theirs)
	}
}

// Whatever of the steps fails, there is no row without its files, and the next try makes all of it.
func TestWhatFailsIsHealedByTheNextTry(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	for _, ext := range []string{extBlurred, extThumbnail, ".jpg"} {
		p := newPlace()
		s := newService(t, nil, p)
		p.putErr = func(path string) error {
			if strings.HasSuffix(path, ext) && (ext != ".jpg" || strings.Count(path, ".") == 1) {
				return away
			}
			return nil
		}
		_, err := s.Take(sender(1), of(t, "k", "full.jpg"))
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter == 0 || len(p.rows) != 0 {
			t.Errorf("without %s: %v, %d rows", ext, err, len(p.rows))
		}
		p.putErr = func(string) error { return nil }
		if r := mustTake(t, s, sender(1), of(t, "k", "full.jpg")); r.Known || len(p.stored) != 3 || len(p.rows) != 1 {
			t.Errorf("after %s: %+v, %d files, %d rows", ext, r, len(p.stored), len(p.rows))
		}
	}
	p := newPlace()
	s := newService(t, nil, p)
	p.sinkErr = fault.New(fault.Unavailable, "database")
	if _, err := s.Take(sender(1), of(t, "k", "full.jpg")); !errors.Is(err, p.sinkErr) || len(p.stored) != 3 {
		t.Errorf("without the row: %v, %d files", err, len(p.stored))
	}
	p.sinkErr = nil
	if r := mustTake(t, s, sender(1), of(t, "k", "full.jpg")); r.Known || len(p.stored) != 3 || len(p.rows) != 1 {
		t.Errorf("after the row failed: %+v, %d files, %d rows", r, len(p.stored), len(p.rows))
	}
}

func TestPoliciesDecide(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	p.rules.Grayscale = true
	e := mustTake(t, s, sender(1), of(t, "grey", "deep.png")).Event
	for _, path := range []string{e.FilePath, activity.ScreenshotIDOf(1, &e).Files() + extThumbnail, activity.ScreenshotIDOf(1, &e).Files() + extBlurred} {
		if f := p.stored["1:"+path]; f.ContentType != "image/jpeg" || !isGrey(opened(t, f.data)) {
			t.Errorf("%s is %s", path, f.ContentType)
		}
	}
	p.rules.Enabled = false
	in, files := of(t, "off", "full.jpg"), len(p.stored)
	body := &counting{Reader: in.Body}
	in.Body = body
	if _, err := s.Take(sender(1), in); !errors.Is(err, errSwitchedOff) || len(p.stored) != files || len(p.rows) != 1 || !body.ended {
		t.Errorf("switched off: %v, %d files", err, len(p.stored))
	}
}

// A gateway may have had other rules when it took the picture. What may not be kept is not told of in quarantine, either.
func TestWhatIsExcludedNowIsNotKept(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	now, future := of(t, "now", "full.jpg"), of(t, "future", "full.jpg")
	future.Event.At = noon.Add(time.Hour)
	for _, in := range []shot.Shot{now, future} {
		in.Event.Title = "My Secret"
		if _, err := s.Take(sender(1), in); !errors.Is(err, errSwitchedOff) || len(p.stored) != 0 || len(p.rows) != 0 {
			t.Errorf("%s: %v, %d files, %d rows", in.Event.Key, err, len(p.stored), len(p.rows))
		}
	}
	if n := testutil.ToFloat64(s.metrics.pictures.WithLabelValues("quarantined")); n != 0 {
		t.Errorf("%v are set aside", n)
	}
}

func TestWhatIsSetAsideHasNoPicture(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	future := of(t, "future", "full.jpg")
	future.Event.At = noon.Add(time.Hour)
	unknown := of(t, "unknown", "full.jpg")
	unknown.Event.Aside = activity.UnidentifiedAgent
	for _, in := range []activity.Event{future.Event, unknown.Event} {
		picture := of(t, "", "full.jpg")
		picture.Event = in
		if r := mustTake(t, s, sender(1), picture); !r.Quarantined || r.Known {
			t.Errorf("%s: %+v", in.Key, r)
		}
	}
	if len(p.rows)+len(p.stored) != 0 {
		t.Errorf("%d rows, %d files", len(p.rows), len(p.stored))
	}
	if n := testutil.ToFloat64(s.metrics.pictures.WithLabelValues("quarantined")); n != 2 {
		t.Errorf("%v counted", n)
	}
}

func TestWhatCanNeverBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	s.cfg.MaxSize = 10e3
	refused := func(name string, want error, change func(*activity.Event), picture []byte) {
		in := of(t, "k", "full.jpg")
		change(&in.Event)
		if picture != nil {
			in.Body = bytes.NewReader(picture)
		}
		_, err := s.Take(sender(1), in)
		if fault.Of(err).Code != fault.Of(want).Code {
			t.Errorf("%s: %v", name, err)
		}
	}
	none := func(*activity.Event) {}
	invalid := fault.ErrInvalid
	refused("text", errUnreadable, none, []byte("hello"))
	refused("large", errTooLarge, none, picturetest.Samples(t)["cmyk.jpg"])
	refused("cut off", errUnreadable, none, picturetest.Samples(t)["full.jpg"][:3000])
	refused("damaged", errUnreadable, func(e *activity.Event) { e.SHA256 = strings.Repeat("0", 64) }, nil)
	refused("no key", invalid, func(e *activity.Event) { e.Key = "" }, nil)
	refused("no computer", invalid, func(e *activity.Event) { e.ComputerUID = "" }, nil)
	refused("no time", invalid, func(e *activity.Event) { e.At = time.Time{} }, nil)
	refused("the year 10000", invalid, func(e *activity.Event) { e.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, nil)
	refused("a window", invalid, func(e *activity.Event) { e.Kind = activity.ActiveWindow }, nil)
	if _, err := s.Take(as(actor.Admin, 0), of(t, "k", "full.jpg")); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("nobody's: %v", err)
	}
	if len(p.rows)+len(p.stored) != 0 {
		t.Errorf("%d rows, %d files", len(p.rows), len(p.stored))
	}
	if !s.inFlight.TryAcquire(int64(s.cfg.InFlight)) {
		t.Error("something still counts as in flight")
	}
}

func TestTheHashMayBeSaid(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, newPlace())
	e := mustTake(t, s, sender(1), of(t, "k", "full.jpg")).Event
	said := of(t, "said", "full.jpg")
	said.Event.SHA256 = strings.ToUpper(e.SHA256)
	mustTake(t, s, sender(1), said)
}

// Where the rows cannot be read, a picture is taken all the same.
func TestRowsThatCannotBeReadKeepNothingOut(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	s.shots = blind{desk{p}}
	mustTake(t, s, sender(1), of(t, "k", "full.jpg"))
	if r := mustTake(t, s, sender(1), of(t, "k", "full.jpg")); !r.Known || len(p.rows) != 1 {
		t.Errorf("%+v", r)
	}
}

type blind struct{ desk }

func (blind) Screenshot(context.Context, activity.ScreenshotID) (activity.ScreenshotRow, error) {
	return activity.ScreenshotRow{}, errors.New("down")
}

func TestTooManyBytesInFlightAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	if !s.inFlight.TryAcquire(int64(s.cfg.InFlight)) {
		t.Fatal("no room at first")
	}
	_, err := s.Take(sender(1), of(t, "k", "full.jpg"))
	if f := fault.Of(err); f.Kind != fault.TooMany || f.RetryAfter == 0 {
		t.Errorf("no room: %v", err)
	}
	s.inFlight.Release(int64(s.cfg.InFlight))
	mustTake(t, s, sender(1), of(t, "k", "full.jpg"))
}

// No more pictures are decoded at one time than there is memory for, nor more than decoders; who waits for too long is
// told to come back, and who hangs up leaves.
func TestPicturesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil, newPlace())
		s.cfg.Decoders = 2
		s.bound()
		half := int64(s.cfg.DecodeMemory)/2 + 1
		first, err := s.turn(context.Background(), half)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := s.turn(context.Background(), half); !errors.Is(err, errBusy) || time.Since(began) != maxWait {
			t.Errorf("no memory: %v after %v", err, time.Since(began))
		}
		second, err := s.turn(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.turn(context.Background(), 1); !errors.Is(err, errBusy) {
			t.Errorf("no decoder: %v", err)
		}
		gone, hangUp := context.WithCancel(context.Background())
		hangUp()
		if _, err := s.turn(gone, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits: %v", err)
		}
		second()
		waiting := make(chan error)
		go func() {
			done, err := s.turn(context.Background(), int64(s.cfg.DecodeMemory))
			if err == nil {
				done()
			}
			waiting <- err
		}()
		synctest.Wait()
		first()
		if err := <-waiting; err != nil {
			t.Errorf("who waited: %v", err)
		}
	})
}

func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Config{MaxSize: 1, Decoders: -1}
	err := bad.Validate()
	for _, name := range []string{"max_size", "max_pixels", "in_flight", "decoders", "decode_memory", "open_for"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
