// Package update is the contract of new versions of the gateway's own program.
package update

import (
	"context"

	"github.com/staff-control/staff-control/platform/fault"
)

// Why a version is not installed. The part of a code after the dot is for programs.
var (
	// ErrNone is of a version, channel or architecture of which there is no release.
	ErrNone      = fault.New(fault.NotFound, "updater.none")
	ErrDowngrade = fault.New(fault.Conflict, "updater.downgrade")
	// ErrMinVersion is of a package that needs a newer gateway to come from.
	ErrMinVersion = fault.New(fault.Conflict, "updater.min_version")
	ErrDigest     = fault.New(fault.Invalid, "updater.digest")
	// ErrSignature is of a package that no trusted key has signed.
	ErrSignature = fault.New(fault.Invalid, "updater.signature")
	// ErrMismatch is of a package that is signed for another version, channel or architecture than it was offered for.
	ErrMismatch = fault.New(fault.Invalid, "updater.mismatch")
	// ErrPackage is of an archive with anything else in it than it should have.
	ErrPackage = fault.New(fault.Invalid, "updater.package")
	// ErrPreflight is of a program that does not start on this machine, or not with its settings.
	ErrPreflight = fault.New(fault.Unprocessable, "updater.preflight")
	// ErrRoom is of a disk that is too full.
	ErrRoom = fault.New(fault.Unavailable, "updater.room")
	// ErrDownload is of a package that could not be fetched.
	ErrDownload = fault.New(fault.Unavailable, "updater.download")
	// ErrBusy is of an order while another version is being installed or is on trial.
	ErrBusy = fault.New(fault.Conflict, "updater.busy")
	// ErrOff is of a gateway that does not update itself: its operator does not want it, or no launcher has started it.
	ErrOff = fault.New(fault.Unprocessable, "updater.off")
	// ErrRolledBack is of a version that was started and not healthy, so that the previous one is back.
	ErrRolledBack = fault.New(fault.Conflict, "updater.rolled_back")
)

// Manifest says which version there is, as GET /v2/gateway/update-manifest answers.
type Manifest struct {
	Version string `json:"version"`
	Channel string `json:"channel"`
	// DownloadURL is where the archive is, relative to agent-api's address or in full.
	DownloadURL string `json:"downloadUrl"`
	SHA256      string `json:"sha256"`
	// Signature is minisign's, over the archive: the whole .minisig file. Its trusted comment says for what the archive was signed.
	Signature string `json:"signature"`
	// MinVersion is the oldest that may be replaced by it.
	MinVersion string `json:"minVersion,omitempty"`
	Size       int64  `json:"size,omitempty"`
}

// Installer puts a new version in place.
type Installer interface {
	// Install fetches and verifies the version, or the newest of the gateway's channel if it is empty, puts it in the
	// slot that is not in use and ends the process, so that it starts from there. It returns before the process ends,
	// true if it will.
	//
	// The order is who asks: one order is carried out once, however often it comes. Whoever got true asks again with the
	// same order after the restart: Install waits until the new version is found healthy and returns false, or the
	// previous version is back and it returns ErrRolledBack. It returns false, too, if the version runs already.
	Install(ctx context.Context, order, version string) (restarts bool, err error)
}
