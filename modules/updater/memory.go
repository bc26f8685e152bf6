package updater

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

// installation is the last version that was put in place, in <data>/update.json. It outlives the process that the
// version replaces, so that whoever ordered it can be answered.
type installation struct {
	Order   string    `json:"order,omitempty"`
	Version string    `json:"version"`
	From    string    `json:"from"`
	At      time.Time `json:"at"`
	// Reached says that agent-api answered before, so that the new version has to reach it too.
	Reached bool    `json:"reached"`
	Outcome outcome `json:"outcome,omitempty"`
	// Reason is why it was given up.
	Reason string `json:"reason,omitempty"`
	// Alert is the id of the alert that it was given up: raised twice it is one.
	Alert id.UUID `json:"alert"`
}

// outcome is what became of an installation; nothing as long as nobody knows.
type outcome string

const (
	pending   outcome = ""
	confirmed outcome = "confirmed"
	failed    outcome = "failed"
)

const memoryName = "update.json"

// last returns the last installation, the zero one if there is none.
func (u *updater) last() (i installation, err error) {
	err = jsonfile.Read(filepath.Join(u.data, memoryName), &i)
	return i, err
}

// forget undoes remember. A full disk does not keep it from that.
func (u *updater) forget() error {
	err := os.Remove(filepath.Join(u.data, memoryName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (u *updater) remember(i installation) error {
	return jsonfile.Write(filepath.Join(u.data, memoryName), i)
}
