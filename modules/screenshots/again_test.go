package screenshots

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/picture"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

// Between two tries the policy may change, and with it what is stored: nothing stays of what it was before.
func TestAPolicyThatChangesBetweenTwoTries(t *testing.T) {
	t.Parallel()
	for _, picture := range []string{"full.jpg", "deep.png", "lossy.webp"} {
		for _, greyThen := range []bool{true, false} {
			p := newPlace()
			s := newService(t, nil, p)
			p.rules.Grayscale, p.sinkErr = !greyThen, errors.New("killed")
			if _, err := s.Take(sender(1), of(t, "k", picture)); err == nil {
				t.Fatal("no error")
			}
			p.rules.Grayscale, p.sinkErr = greyThen, nil
			e := mustTake(t, s, sender(1), of(t, "k", picture)).Event
			if f, there := p.stored["1:"+e.FilePath]; !there || f.SHA256 != e.SHA256 || f.Size != e.FileSize || len(p.stored) != 3 {
				t.Errorf("%s, then grey %v: %+v names %+v of %d files", picture, greyThen, e, f.File, len(p.stored))
			}
			for path, f := range p.stored {
				if greyThen && !isGrey(opened(t, f.data)) {
					t.Errorf("%s: %s is in colours", picture, path)
				}
			}
		}
	}
}

// Files that a row may name are not replaced, though the row cannot be read now.
func TestFilesStayWhereTheRowsCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	e := mustTake(t, s, sender(1), of(t, "k", "full.jpg")).Event
	s.shots = blind{desk{p}}
	if _, err := s.Take(sender(1), of(t, "k", "half.jpg")); fault.Of(err).Kind != fault.Unavailable || fault.Of(err).RetryAfter == 0 {
		t.Errorf("another picture: %v", err)
	}
	if f := p.stored["1:"+e.FilePath]; f.SHA256 != e.SHA256 || len(p.stored) != 3 {
		t.Errorf("%d files, %+v", len(p.stored), f.File)
	}
}

// One key with two times is two rows, each with files of its own, and the second may be set aside.
func TestRowsShareNoFiles(t *testing.T) {
	t.Parallel()
	p := newPlace()
	s := newService(t, nil, p)
	first := mustTake(t, s, sender(1), of(t, "k", "full.jpg")).Event
	second, future := of(t, "k", "half.jpg"), of(t, "k", "half.jpg")
	second.Event.At = second.Event.At.Add(time.Microsecond)
	if e := mustTake(t, s, sender(1), second).Event; e.FilePath == first.FilePath || e.SHA256 == first.SHA256 || len(p.stored) != 6 || len(p.rows) != 2 {
		t.Errorf("%+v and %+v, %d files", first, e, len(p.stored))
	}
	future.Event.At = noon.Add(2 * time.Hour)
	if r := mustTake(t, s, sender(1), future); !r.Quarantined || len(p.stored) != 6 {
		t.Errorf("%+v, %d files", r, len(p.stored))
	}
}

// An event that was told before its picture came gets the picture, once.
func TestAPictureOfAnEventThatWasTold(t *testing.T) {
	t.Parallel()
	o := newShow(t, dbtest.SQLite(t))
	in := of(t, "unsent", "full.jpg")
	in.Event.At = o.unsent.At
	if r := mustTake(t, o.service, sender(1), in); r.Known || len(o.rows) != 3 || len(o.stored) != 9 {
		t.Errorf("%+v, %d rows, %d files", r, len(o.rows), len(o.stored))
	}
	in.Body = bytes.NewReader(picturetest.Samples(t)["half.jpg"])
	if r := mustTake(t, o.service, sender(1), in); !r.Known || r.Event.FilePath != o.unsent.Files()+".jpg" || len(o.stored) != 9 {
		t.Errorf("again: %+v, %d files", r, len(o.stored))
	}
	httptestx.Run(t, o.server,
		httptestx.Scenario{Name: "in the gallery", As: hr, Path: prefix, Status: 200, Excludes: []string{`"hasPicture":false`}},
		httptestx.Scenario{Name: "blurred", As: hr, Path: o.path(o.unsent, "/blurred"), Status: 200},
		httptestx.Scenario{Name: "open", As: hr, Path: o.path(o.unsent, "/open"), Body: `{"reason":"because"}`, Status: 200},
		httptestx.Scenario{Name: "sharp", As: hr, Path: o.path(o.unsent, "/picture"), Status: 200})
}

// What takes too long may have met a busy host: its sender tries again some times.
func TestASlowPictureMayComeAgain(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, newPlace())
	now := noon
	s.now = func() time.Time { now = now.Add(picture.MaxDecode / 2); return now }
	for try := range slowTries {
		_, err := s.Take(sender(1), of(t, "k", "full.jpg"))
		if last := try == slowTries-1; last != (fault.Of(err).Kind == fault.Unprocessable) || !last && (fault.Of(err).Kind != fault.TooMany || fault.Of(err).RetryAfter == 0) {
			t.Errorf("try %d: %v", try, err)
		}
	}
	for n := range 2 * maxSlow {
		s.slow.again(activity.ScreenshotID{OrganizationID: int64(n)})
	}
	if len(s.slow.tries) > maxSlow {
		t.Errorf("%d are counted", len(s.slow.tries))
	}
}

// What nobody keeps is read in a way that takes no room, where the body has one.
func TestWhatIsKnownTakesNoRoom(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, newPlace())
	in := of(t, "k", "full.jpg")
	mustTake(t, s, sender(1), in)
	body := &skipped{}
	in.Body = body
	if r := mustTake(t, s, sender(1), in); !r.Known || body.most != int64(s.cfg.MaxSize) {
		t.Errorf("%+v, skipped %d", r, body.most)
	}
}

type skipped struct {
	io.Reader
	most int64
}

func (s *skipped) Skip(most int64) error {
	s.most = most
	return nil
}
