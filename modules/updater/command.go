package updater

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
)

// command installs a release from a file. The gateway that runs notices, and restarts into it.
func (m *Module) command(ctx context.Context, h *kernel.CommandHost, args []string) error {
	const usage = "usage: gateway update --from-file FILE.tar.gz [--signature FILE.minisig]"
	flags := flag.NewFlagSet("update", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("from-file", "", "the archive")
	signature := flags.String("signature", "", "its signature; FILE.minisig beside it if not given")
	if err := flags.Parse(args); err != nil || *file == "" || flags.NArg() > 0 {
		return errors.Join(err, errors.New(usage))
	}
	if *signature == "" {
		*signature = *file + ".minisig"
	}
	if m.cfg.Slots == "" {
		return errors.New("the gateway's slots are not known: use the launcher, gateway update …, or --set updater.slots=DIRECTORY")
	}
	archive, err := os.Open(*file)
	if err != nil {
		return err
	}
	defer archive.Close()
	text, err := os.ReadFile(*signature)
	if err != nil {
		return err
	}
	if err := become(m.cfg.Slots, h.Data); err != nil {
		return err
	}
	u := newUpdater(m.cfg, h.Data, h.Version, "")
	u.log = h.Log
	version, err := u.brought(ctx, archive, text)
	err = full(err)
	if err == nil && version == "" {
		_, err = fmt.Fprintln(h.Out, "this version runs already")
	} else if err == nil {
		_, err = fmt.Fprintf(h.Out, "version %s is in place: the gateway restarts into it, and comes back to the present one if it is not healthy\n", version)
	}
	return err
}

// become goes on as the owner of the data and the slots, if root has started us: nothing in there is to be root's, and
// nothing that lies there is to be run by root. The files that root can read are open by now. Slots that are a link, or
// somebody else's than the data, may have been put there by who wants root to stay root.
func become(slots, data string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	dir, err := os.Lstat(slots)
	if err != nil {
		return err
	}
	of, err := os.Stat(data)
	if err != nil {
		return err
	}
	owner, theirs := dir.Sys().(*syscall.Stat_t), of.Sys().(*syscall.Stat_t)
	if !dir.IsDir() || owner.Uid != theirs.Uid {
		return fmt.Errorf("%s is no directory of the owner of %s: run this as the gateway's user", slots, data)
	}
	if owner.Uid == 0 {
		return nil
	}
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(int(owner.Gid)), syscall.Setuid(int(owner.Uid)))
}

// brought installs an archive. It returns the version, or nothing if that runs already.
func (u *updater) brought(ctx context.Context, archive *os.File, signature []byte) (version string, err error) {
	s, err := readSeal(signature)
	if err != nil {
		return "", err
	}
	version = plain(s.values["version"])
	if !known(version) {
		return "", update.ErrMismatch.Wrap(fmt.Errorf("signed for %q", s.signedFor))
	}
	if err := s.is(version, u.cfg.Channel, u.arch); err != nil {
		return "", err
	}
	running, err := u.running()
	if err != nil {
		return "", err
	}
	if same, err := compare(running, version, s.values["minVersion"]); same || err != nil {
		return "", err
	}
	own, err := u.copied(ctx, archive)
	if err != nil {
		return "", err
	}
	defer own.Close()
	return version, u.put(ctx, own, s, "", installation{Version: version, From: running})
}

// copied returns a copy of the archive that nobody else can reach: it is verified and unpacked one after the other, and
// what lies on a stick or in /tmp may be another file by then. It is gone when it is closed.
func (u *updater) copied(ctx context.Context, archive *os.File) (own *os.File, err error) {
	info, err := archive.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPackage {
		return nil, update.ErrPackage.Wrap(fmt.Errorf("%s has %d bytes", filepath.Base(archive.Name()), info.Size()))
	}
	dir := filepath.Join(u.data, downloadsName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for _, place := range []string{dir, u.slots.dir} {
		if err := u.spacious(ctx, place, room(info.Size())); err != nil {
			return nil, err
		}
	}
	if own, err = os.CreateTemp(dir, "brought-*"); err != nil {
		return nil, err
	}
	_, err = io.Copy(own, io.LimitReader(reading{ctx, archive}, maxPackage)) // it may have grown: the signature is not of that
	if err == nil {
		_, err = own.Seek(0, io.SeekStart)
	}
	if err = errors.Join(err, os.Remove(own.Name())); err != nil {
		return nil, errors.Join(err, own.Close())
	}
	return own, nil
}
