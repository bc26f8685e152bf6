package visitors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

// Ten come at once with the same code that lets in once: one is let in, whether at desks or at doors.
func TestOfAllWhoUseACodeAtOnceOneWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
		code := newCodeOf(t, s, hr(), v.ID, oneTime)
		var all sync.WaitGroup
		results := make([]error, 10)
		for i := range results {
			all.Go(func() {
				if i%2 == 0 {
					_, results[i] = s.arrives(guard(), arrival{Code: code.Code})
					return
				}
				results[i] = d.Write(guard(), func(ctx context.Context, tx db.Tx) error {
					_, err := s.Pass(ctx, tx, visitor.Passage{Code: code.Code, At: noon})
					return err
				})
			})
		}
		all.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else if fault.Of(err).Kind != fault.Conflict {
				t.Errorf("a loser is told %v", err)
			}
		}
		uses, visits := counted(t, d, "SELECT uses FROM onetime_codes WHERE id = ?", code.ID), counted(t, d, "SELECT count(*) FROM visits")
		if won != 1 || uses != 1 || visits != 1 {
			t.Errorf("%d were let in, %d uses, %d visits", won, uses, visits)
		}
	})
}

func TestACodeLetsInWhenItIsValid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
		code := newCodeOf(t, s, hr(), v.ID, multiple)
		at := func(now time.Time) *service {
			c := *s
			c.now = func() time.Time { return now }
			return &c
		}
		check := func(name string, s *service, ctx context.Context, text string, want error) {
			t.Helper()
			if _, _, err := s.validate(ctx, text); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		check("now", s, guard(), code.Code, nil)
		check("the lead of the host", s, lead(), code.Code, nil)
		check("at its first moment", at(code.StartDate), guard(), code.Code, nil)
		check("at its last moment", at(code.EndDate), guard(), code.Code, nil)
		check("before", at(code.StartDate.Add(-time.Second)), guard(), code.Code, visitor.ErrCodeEarly)
		check("after", at(code.EndDate.Add(time.Second)), guard(), code.Code, visitor.ErrCodeExpired)
		check("in small letters", s, guard(), strings.ToLower(code.Code)+"x", visitor.ErrCodeUnknown)
		check("elsewhere", s, other(), code.Code, visitor.ErrCodeUnknown)
		off := false
		if _, err := s.update(hr(), v.ID, visitorInput{IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		check("of an inactive visitor", s, guard(), code.Code, visitor.ErrInactive)
		if _, err := s.arrives(guard(), arrival{VisitorID: v.ID}); !errors.Is(err, visitor.ErrInactive) {
			t.Errorf("an inactive visitor by name: %v", err)
		}
		if _, _, err := s.give(hr(), v.ID, codeInput{CodeType: &code.CodeType, StartDate: &code.StartDate, EndDate: &code.EndDate}); !errors.Is(err, visitor.ErrInactive) {
			t.Errorf("a code for an inactive visitor: %v", err)
		}
		if _, _, err := s.changeCode(hr(), code.ID, codeInput{IsActive: &off}); err != nil {
			t.Fatal(err)
		}
		check("withdrawn", s, guard(), code.Code, visitor.ErrCodeWithdrawn)
		check("withdrawn elsewhere", s, other(), code.Code, visitor.ErrCodeUnknown)
		if _, err := s.arrives(guard(), arrival{Code: code.Code}); !errors.Is(err, visitor.ErrCodeWithdrawn) {
			t.Errorf("a desk is shown a withdrawn code: %v", err)
		}
	})
}

func TestACodeOfSeveralUsesIsUsedUp(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
	code := newCodeOf(t, s, hr(), v.ID, multiple)
	two := int64(2)
	if _, _, err := s.changeCode(hr(), code.ID, codeInput{MaxUses: &two}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		visit, err := s.arrives(guard(), arrival{Code: code.Code})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.leaves(guard(), visit.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.leaves(guard(), visit.ID); !errors.Is(err, errLeft) {
			t.Errorf("left again: %v", err)
		}
	}
	if _, err := s.arrives(guard(), arrival{Code: code.Code}); !errors.Is(err, visitor.ErrCodeUsed) {
		t.Errorf("a third time: %v", err)
	}
	one := int64(1)
	if _, _, err := s.changeCode(hr(), code.ID, codeInput{MaxUses: &one}); fault.Of(err).Kind != fault.Invalid {
		t.Errorf("fewer uses than there were: %v", err)
	}
	if err := s.removeCode(hr(), code.ID); !errors.Is(err, errCodeKept) {
		t.Errorf("a used code is deleted: %v", err)
	}
}

// Whoever is let in by name uses up the code that would have let in, so that nobody else comes in by it.
func TestComingInByNameUsesTheCodeUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		v := newVisitor(t, s, hr(), "Anvar", "Mehmonov", 1)
		code := newCodeOf(t, s, hr(), v.ID, oneTime)
		visit, err := s.arrives(guard(), arrival{VisitorID: v.ID, Badge: " 7 "})
		if err != nil || visit.CodeID != code.ID || visit.Badge != "7" || visit.CheckedInBy != 4 || !visit.ExpectedUntil.Equal(code.EndDate) {
			t.Fatalf("%+v, %v", visit, err)
		}
		if _, _, err := s.validate(guard(), code.Code); !errors.Is(err, visitor.ErrCodeUsed) {
			t.Errorf("the code says %v", err)
		}
		if _, err := s.arrives(guard(), arrival{VisitorID: v.ID}); !errors.Is(err, errInside) {
			t.Errorf("the visitor comes again: %v", err)
		}
		second := newVisitor(t, s, guard(), "Botir", "Hamkorov", 0)
		if _, err := s.arrives(guard(), arrival{VisitorID: second.ID, Badge: "7"}); !errors.Is(err, errBadgeTaken) {
			t.Errorf("the badge again: %v", err)
		}
		without, err := s.arrives(guard(), arrival{VisitorID: second.ID})
		if _, end := day(noon, tashkent); err != nil || without.CodeID != 0 || !without.ExpectedUntil.Equal(end) || end.Hour() != 19 {
			t.Errorf("without a code: %+v, %v", without, err)
		}
	})
}

func TestAVisitorWhoHasBeenHereIsKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		never, been, seen := newVisitor(t, s, hr(), "A", "B", 0), newVisitor(t, s, hr(), "C", "D", 0), newVisitor(t, s, hr(), "E", "F", 0)
		newCodeOf(t, s, hr(), never.ID, oneTime)
		if _, err := s.arrives(hr(), arrival{VisitorID: been.ID}); err != nil {
			t.Fatal(err)
		}
		write(t, d, `INSERT INTO passes (organization_id, event_key, action_time, visitor_id, visitor_type, action_type, action_result, action_mode, granted, payload, source, received_at)
			VALUES (1, 'k', ?0, ?1, 'VISITOR', 'QR', 'SUCCESS', 'ONLINE', TRUE, '{}', 't', ?0)`, noon, seen.ID)
		for _, c := range []struct {
			id      int64
			deleted bool
		}{{never.ID, true}, {been.ID, false}, {seen.ID, false}} {
			if _, err := s.remove(hr(), c.id, errHasLogsV1); c.deleted == errors.Is(err, errHasLogsV1) {
				t.Errorf("%d as v1: %v", c.id, err)
			}
			if c.deleted {
				continue
			}
			deleted, err := s.remove(hr(), c.id, nil)
			if row, readErr := s.get(hr(), c.id); deleted || err != nil || readErr != nil || row.IsActive {
				t.Errorf("%d: deleted %v, %v, %v", c.id, deleted, err, readErr)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM visitors"); n != 2 {
			t.Errorf("%d visitors are left", n)
		}
		if _, err := s.remove(hr(), never.ID, nil); !errors.Is(err, visitor.ErrUnknown) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// A code that there is already is drawn again, and one that a caller chose is refused.
func TestCodesDoNotCollide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		mine, theirs := newVisitor(t, s, hr(), "A", "B", 0), newVisitor(t, s, other(), "C", "D", 0)
		drawn := []string{"AAAA0000", "AAAA0000", "AAAA0000", "BBBB0000"}
		s.newCode = func() string {
			next := drawn[0]
			drawn = append(drawn[1:], next)
			return next
		}
		first := newCodeOf(t, s, hr(), mine.ID, oneTime)
		if second := newCodeOf(t, s, hr(), mine.ID, oneTime); first.Code != "AAAA0000" || second.Code != "BBBB0000" {
			t.Errorf("drew %s and %s", first.Code, second.Code)
		}
		chosen := codeInput{CodeType: &first.CodeType, StartDate: &first.StartDate, EndDate: &first.EndDate, Code: &first.Code}
		if _, _, err := s.give(hr(), mine.ID, chosen); !errors.Is(err, errCodeTaken) {
			t.Errorf("the same code again: %v", err)
		}
		if _, _, err := s.give(other(), theirs.ID, chosen); err != nil {
			t.Errorf("the same code in another organization: %v", err)
		}
		s.newCode = func() string { return "AAAA0000" }
		if _, _, err := s.give(hr(), mine.ID, codeInput{CodeType: &first.CodeType, StartDate: &first.StartDate, EndDate: &first.EndDate}); !errors.Is(err, errCodeTaken) {
			t.Errorf("no other code is drawn: %v", err)
		}
	})
}

func TestThePictureIsOfTheCode(t *testing.T) {
	t.Parallel()
	data := qrOf(codeRow{ID: 5, Code: "A9A8AC4E", CodeType: oneTime, StartDate: noon, EndDate: noon.Add(time.Hour)}, visitorRow{ID: 7, FirstName: "Барно", LastName: "O‘ktamova"})
	picture, err := data.picture()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(data)
	want, err := qr.Encode(string(text), qr.M, qr.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	side := want.Bounds().Dx()
	if img.Bounds().Dx() != (side+2)*dot {
		t.Fatalf("the picture has %v, the code %d modules", img.Bounds(), side)
	}
	for y := -1; y <= side; y++ {
		for x := -1; x <= side; x++ {
			black := x >= 0 && y >= 0 && x < side && y < side
			if black {
				grey, _, _, _ := want.At(x, y).RGBA()
				black = grey == 0
			}
			if got, _, _, _ := img.At((x+1)*dot+dot/2, (y+1)*dot+dot/2).RGBA(); (got == 0) != black {
				t.Fatalf("module %d,%d", x, y)
			}
		}
	}
	for read, code := range map[string]string{string(text): "A9A8AC4E", " A9A8AC4E\n": "A9A8AC4E", `{"code":`: "", `{"code":5}`: "", "{}": ""} {
		if got := scanned(read); got != code {
			t.Errorf("read %q, the code is %q", read, got)
		}
	}
}

// Somebody of all organizations says whose guest it is. What v1 left may be nobody's.
func TestAVisitorHasAnOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		first, last, host, theirs, unknown := "A", "B", int64(3), int64(2), int64(9)
		nobody := visitorRow{FirstName: first, LastName: last, CreatorID: 1, IsActive: true, CreatedAt: noon, UpdatedAt: noon}
		err := d.Write(admin(), func(ctx context.Context, tx db.Tx) error { return s.store.insert(ctx, tx, &nobody) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.get(hr(), nobody.ID); !errors.Is(err, visitor.ErrUnknown) {
			t.Errorf("HR finds nobody's visitor: %v", err)
		}
		code := newCodeOf(t, s, admin(), nobody.ID, oneTime)
		if _, err := s.arrives(admin(), arrival{Code: code.Code}); err != nil {
			t.Errorf("nobody's visitor comes: %v", err)
		}
		for name, c := range map[string]struct {
			ctx  context.Context
			in   visitorInput
			want int64
		}{
			"of the host":             {admin(), visitorInput{HostID: &host}, 2},
			"named":                   {admin(), visitorInput{OrganizationID: &theirs}, 2},
			"not named":               {admin(), visitorInput{}, 0},
			"unknown":                 {admin(), visitorInput{OrganizationID: &unknown}, 0},
			"own":                     {other(), visitorInput{}, 2},
			"another's":               {hr(), visitorInput{OrganizationID: &theirs}, 0},
			"another's host":          {hr(), visitorInput{HostID: &host}, 0},
			"host of another than it": {admin(), visitorInput{HostID: &host, OrganizationID: &staff[0].OrganizationID}, 0},
		} {
			c.in.FirstName, c.in.LastName = &first, &last
			row, err := s.create(c.ctx, c.in)
			if c.want == 0 && fault.Of(err).Kind != fault.Invalid || c.want != 0 && (err != nil || number(row.OrganizationID) != c.want) {
				t.Errorf("%s: %d, %v", name, number(row.OrganizationID), err)
			}
		}
	})
}
