package updater

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/id"
)

// updater replaces the program that it is a part of.
type updater struct {
	cfg     Config
	data    string
	version string // of this program
	arch    string
	mine    slot // that this program was started from
	slots   slots
	args    []string // that bring another process to the same settings
	cloud   gateway.Cloud
	alerts  alert.Log
	ready   func(context.Context) error
	free    func(ctx context.Context, dir string) (uint64, error)
	log     *slog.Logger
	now     func() time.Time
	// stall is how long a peer may say nothing, wait how long it is waited before it is asked again.
	stall, wait time.Duration
	// begun is the slots' state when this process began.
	begun state
	// look is how often the slots are looked at.
	look time.Duration
	// step is called before each thing that a power cut may come between.
	step func(name string)

	installing sync.Mutex
	// settled is closed once it is known what became of the last installation.
	settled chan struct{}
	// replaced gets the version that was put in place of this program's.
	replaced chan string
}

// Install puts a version in place.
func (u *updater) Install(ctx context.Context, order, version string) (restarts bool, err error) {
	if !u.cfg.Enabled || u.slots.dir == "" {
		return false, update.ErrOff
	}
	if known, restarts, err := u.again(ctx, order); known || err != nil {
		return restarts, err
	}
	if !u.installing.TryLock() {
		return false, update.ErrBusy
	}
	defer u.installing.Unlock()
	m, err := u.manifest(ctx, version)
	if err != nil {
		return false, err
	}
	restarts, err = u.offered(ctx, order, m)
	return restarts, full(err)
}

// again answers for an order that was carried out before. Whatever was installed last has to be settled first.
func (u *updater) again(ctx context.Context, order string) (known, restarts bool, err error) {
	select {
	case <-u.settled:
	case <-ctx.Done():
		return false, false, ctx.Err()
	}
	i, err := u.last()
	if err != nil {
		return false, false, err
	}
	mine := order != "" && i.Order == order
	switch {
	case i.Outcome == pending && i.Version != "" && !mine:
		return false, false, update.ErrBusy // the process is about to end
	case !mine:
		return false, false, nil
	case i.Outcome == pending:
		return true, true, nil
	case i.Outcome == failed:
		return true, false, update.ErrRolledBack.With("Version", i.Version).Wrap(errors.New(i.Reason))
	}
	return true, false, nil
}

// offered takes a package that the server offers.
func (u *updater) offered(ctx context.Context, order string, m update.Manifest) (restarts bool, err error) {
	running, err := u.running()
	if err != nil {
		return false, err
	}
	if same, err := compare(running, m.Version, m.MinVersion); same || err != nil {
		return false, err
	}
	s, err := readSeal([]byte(m.Signature))
	if err == nil {
		err = s.is(m.Version, m.Channel, u.arch)
	}
	if err != nil {
		return false, err
	}
	i := installation{Order: order, Version: m.Version, From: running, Reached: true}
	resumed, err := u.fetchAndPut(ctx, m, s, i)
	if errors.Is(err, update.ErrDigest) && resumed { // what was there before may have been damaged
		_, err = u.fetchAndPut(ctx, m, s, i)
	}
	return err == nil, err
}

// fetchAndPut reports whether a part of the package was there before.
func (u *updater) fetchAndPut(ctx context.Context, m update.Manifest, s seal, i installation) (resumed bool, err error) {
	path := filepath.Join(u.data, downloadsName, m.SHA256)
	_, err = os.Stat(path)
	resumed = err == nil
	if err := u.fetch(ctx, m, path); err != nil {
		return resumed, err
	}
	archive, err := os.Open(path)
	if err != nil {
		return resumed, fmt.Errorf("open the package: %w", err)
	}
	defer archive.Close()
	err = u.put(ctx, archive, s, m.SHA256, i)
	if errors.Is(err, update.ErrDigest) || errors.Is(err, update.ErrSignature) || noRoom(err) || err == nil {
		download{path: path}.forget() // done, or no good, or in the way: the next try begins anew
	}
	return resumed, err
}

// running is the version that the gateway runs: this program's, unless a command of the package speaks for the slots.
func (u *updater) running() (string, error) {
	st, err := u.slots.load()
	if errors.Is(err, errState) {
		return u.version, nil // it will be written anew
	}
	if st.Current != packaged && st.Version != "" {
		return st.Version, err
	}
	return u.version, err
}

// put checks the package, puts the program that is in it into the free slot, and has the launcher start it next.
func (u *updater) put(ctx context.Context, archive io.ReadSeeker, s seal, digest string, i installation) error {
	unlock, err := u.slots.lock()
	if err != nil {
		return err
	}
	defer unlock()
	ring, err := loadKeys(u.cfg.Keys, u.data)
	if err == nil {
		err = s.verify(archive, digest, ring)
	}
	if err == nil && s.values["minVersion"] != "" { // what is signed counts, whatever the manifest says
		_, err = compare(i.From, i.Version, s.values["minVersion"])
	}
	if err == nil {
		_, err = archive.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	st, err := u.slots.load()
	if err != nil && !errors.Is(err, errState) {
		return err
	}
	if st.Trial {
		return update.ErrBusy
	}
	if err := u.fill(ctx, archive, st.free(), i.Version); err != nil {
		return err
	}
	if err := u.trust(ctx, s); err != nil {
		return err
	}
	return u.hand(st, i)
}

// fill puts the program into the slot once it has shown that it starts.
func (u *updater) fill(ctx context.Context, archive io.Reader, into slot, version string) error {
	u.step("unpack")
	if err := os.MkdirAll(u.slots.path(into), 0o755); err != nil {
		return fmt.Errorf("make the slot: %w", err)
	}
	fresh := u.slots.program(into) + ".new"
	torn, _ := filepath.Glob(filepath.Join(u.slots.path(into), ".*"))
	for _, file := range torn { // by an end in the middle of this
		os.Remove(file)
	}
	defer os.Remove(fresh) // after the rename there is nothing to remove
	if err := unpack(ctx, archive, fresh); err != nil {
		return err
	}
	u.step("preflight")
	if err := u.preflight(ctx, fresh, version); err != nil {
		return err
	}
	u.step("slot")
	if err := os.Rename(fresh, u.slots.program(into)); err != nil {
		return fmt.Errorf("fill the slot: %w", err)
	}
	return errors.Join(syncDir(u.slots.path(into)), syncDir(u.slots.dir))
}

// trust keeps the key that the package brings, and notes the one that it withdraws.
func (u *updater) trust(ctx context.Context, s seal) error {
	brings, withdraws := s.values["key"], s.values["revoke"]
	if brings == "" && withdraws == "" {
		return nil
	}
	had, err := broughtKeys(u.data)
	if err != nil {
		return err
	}
	lines := withKeys(had, brings, withdraws)
	ring, err := trusted(u.cfg.Keys, lines)
	switch {
	case err != nil:
		return update.ErrPackage.Wrap(err)
	case len(ring) == 0 || len(lines) > maxKeys:
		return update.ErrPackage.Wrap(fmt.Errorf("with its keys %d are trusted, of %d that were brought or withdrawn", len(ring), len(lines)))
	}
	u.step("key")
	if err := keepKeys(u.data, lines); err != nil {
		return fmt.Errorf("keep the keys of updates: %w", err)
	}
	u.log.WarnContext(ctx, "who may sign updates was changed by one who may", "added", brings, "withdrawn", withdraws)
	return nil
}

// hand has the launcher start the slot next. What has to be known afterwards is written first.
func (u *updater) hand(st state, i installation) error {
	i.At, i.Alert = u.now().UTC(), id.New()
	u.step("memory")
	if err := u.remember(i); err != nil {
		return err
	}
	u.step("state")
	next := state{Current: st.free(), Previous: st.Current, Trial: true, Version: i.Version, PreviousVersion: i.From}
	if err := u.slots.save(next); err != nil {
		return errors.Join(err, u.forget())
	}
	u.step("restart")
	select {
	case u.replaced <- i.Version:
	default:
	}
	return nil
}

// lock keeps two processes from filling the slots at once.
func (s slots) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the slots: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, update.ErrBusy.Wrap(err)
	}
	return func() {
		// A process that is forked at this moment has the file, too, until it becomes another program: closing alone would
		// leave the lock to it for so long.
		syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
		f.Close()
	}, nil
}
