package updater

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// plain is the version without the v that git tags begin with.
func plain(version string) string { return strings.TrimPrefix(version, "v") }

// canonical is the version as package semver wants it. What is no version at all, as a developer's build, is older than
// any release.
func canonical(version string) string {
	if v := "v" + plain(version); semver.IsValid(v) {
		return v
	}
	return "v0.0.0-0"
}

// known reports whether the text is a version that a release may have.
func known(version string) bool {
	return semver.IsValid("v"+version) && semver.Canonical("v"+version) == "v"+version && word(version)
}

// compare refuses a version that may not follow the one that runs. It reports whether it is that one.
func compare(running, offered, minVersion string) (same bool, err error) {
	switch order := semver.Compare(canonical(offered), canonical(running)); {
	case order == 0:
		return true, nil
	case order < 0:
		return false, update.ErrDowngrade.Wrap(fmt.Errorf("version %s runs, version %s is older", running, offered))
	case minVersion != "" && semver.Compare(canonical(running), canonical(minVersion)) < 0:
		return false, update.ErrMinVersion.With("Version", minVersion)
	}
	return false, nil
}
