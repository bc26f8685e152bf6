package screenshots

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/picture"
)

// service takes pictures of screens in and shows them: blurred to those who may read activity, sharp to those who may
// open them and say why. It has no table: a picture's row is monitoring's, its files are storage's.
type service struct {
	cfg     Config
	db      *db.DB
	audit   *audit.Log
	files   file.Store
	sink    activity.Sink
	shots   activity.Screenshots
	rules   rule.Set
	staff   employee.Directory
	names   computer.Names
	metrics metrics
	now     func() time.Time

	inFlight, decoders, memory *semaphore.Weighted
	slow                       slow
}

// bound makes the bounds of what is worked on at one time.
func (s *service) bound() {
	decoders := s.cfg.Decoders
	if decoders == 0 {
		decoders = runtime.GOMAXPROCS(0)
	}
	s.slow.tries = map[activity.ScreenshotID]int{}
	s.inFlight = semaphore.NewWeighted(int64(s.cfg.InFlight))
	s.decoders = semaphore.NewWeighted(int64(decoders))
	s.memory = semaphore.NewWeighted(int64(s.cfg.DecodeMemory))
}

// holding is one picture's part of the bytes that are held at one time.
type holding struct {
	of *semaphore.Weighted
	n  int64
}

// add takes more, or gives back what is less than nothing. It is false where there is no room.
func (h *holding) add(n int64) bool {
	if n > 0 && !h.of.TryAcquire(n) {
		return false
	}
	if n < 0 {
		h.of.Release(-n)
	}
	h.n += n
	return true
}

func (h *holding) drop() { h.of.Release(h.n) }

// maxWait is how long a picture waits for its turn to be decoded.
const maxWait = 20 * time.Second

// turn waits until a picture that takes so much memory may be decoded.
func (s *service) turn(ctx context.Context, memory int64) (done func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := s.decoders.Acquire(waiting, 1); err != nil {
		return nil, waited(ctx, err)
	}
	if err := s.memory.Acquire(waiting, memory); err != nil {
		s.decoders.Release(1)
		return nil, waited(ctx, err)
	}
	return func() {
		s.memory.Release(memory)
		s.decoders.Release(1)
	}, nil
}

// waited tells a sender that hung up from one that waited for too long.
func waited(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errBusy.Wrap(err)
}

// The files of one screenshot are its path with one of these.
const (
	extThumbnail = ".thumb.jpg"
	extBlurred   = ".blur.jpg"
)

// pathsOf are all files that a screenshot may have.
func pathsOf(i activity.ScreenshotID) []string {
	paths := []string{i.Files() + extThumbnail, i.Files() + extBlurred}
	for _, ext := range picture.Exts() {
		paths = append(paths, i.Files()+ext)
	}
	return paths
}

// full returns the file of the picture itself, or errNoPicture. It is found by the screenshot's key: the row may be of
// an agent that told of it before, with a path of its own.
func (s *service) full(ctx context.Context, i activity.ScreenshotID) (file.File, error) {
	for _, ext := range picture.Exts() {
		found, err := s.files.Stat(ctx, i.Files()+ext)
		if err == nil || fault.Of(err).Kind != fault.NotFound {
			return found, storing(ctx, err)
		}
	}
	return file.File{}, errNoPicture
}

// storing makes of what storage says what a sender may do: come back, unless storage knows better.
func storing(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		if ctx.Err() != nil {
			return err
		}
	case fault.Of(err).Kind != fault.Internal:
		return err
	}
	return errStorage.Wrap(err)
}
