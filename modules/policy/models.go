package policy

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// policyRow is a policy as it is edited. What agents and gateways go by is in its versions.
type policyRow struct {
	bun.BaseModel `bun:"table:policies,alias:p"`
	db.Owned
	db.Place
	ID                  int64           `bun:"id,pk,autoincrement"`
	Title               string          `bun:"title"`
	TitleSearch         string          `bun:"title_search"`
	ActiveWindow        bool            `bun:"active_window"`
	Screenshot          bool            `bun:"screenshot"`
	VisitedSites        bool            `bun:"visited_sites"`
	IsDefault           bool            `bun:"is_default"`
	ScreenshotInterval  *int64          `bun:"screenshot_interval"` // seconds
	ScreenshotGrayscale *bool           `bun:"screenshot_is_grayscale"`
	ScreenshotAll       *bool           `bun:"screenshot_capture_all"`
	IsActive            bool            `bun:"is_active"`
	Hours               json.RawMessage `bun:"hours,nullzero"`
	Exclude             json.RawMessage `bun:"exclude,nullzero"`
	Revision            int64           `bun:"revision"`
	Latest              int64           `bun:"latest_version"`
	Released            int64           `bun:"released_version"`
	CreatedAt           time.Time       `bun:"created_at,skipupdate"`
	UpdatedAt           time.Time       `bun:"updated_at"`
	DeletedAt           *time.Time      `bun:"deleted_at"`
}

// counts reports whether anybody can be under the policy.
func (p policyRow) counts() bool { return p.IsActive && p.Released > 0 && p.DeletedAt == nil }

// groupRow is sites or applications that count alike.
type groupRow struct {
	bun.BaseModel `bun:"table:groups,alias:g"`
	db.Owned
	db.Place
	ID         int64     `bun:"id,pk,autoincrement"`
	Name       string    `bun:"name"`
	NameSearch string    `bun:"name_search"`
	Type       string    `bun:"type"`
	IsActive   bool      `bun:"is_active"`
	CreatedAt  time.Time `bun:"created_at,skipupdate"`
	UpdatedAt  time.Time `bun:"updated_at"`
}

// resourceRow is one site or application.
type resourceRow struct {
	bun.BaseModel `bun:"table:resources,alias:r"`
	db.Owned
	ID        int64     `bun:"id,pk,autoincrement"`
	Value     string    `bun:"value"`
	CreatedAt time.Time `bun:"created_at"`
	Type      string    `bun:"type"`
}

// memberRow says that a resource is in a group.
type memberRow struct {
	bun.BaseModel `bun:"table:resource_groups,alias:m"`
	db.Owned
	ID         int64     `bun:"id,pk,autoincrement"`
	ResourceID int64     `bun:"resource_id"`
	GroupID    int64     `bun:"group_id"`
	CreatedAt  time.Time `bun:"created_at"`
	Value      string    `bun:"value,scanonly"`
}

// optionRow says how a group counts under a policy.
type optionRow struct {
	bun.BaseModel `bun:"table:policy_group_rules,alias:o"`
	db.Owned
	ID        int64     `bun:"id,pk,autoincrement"`
	PolicyID  int64     `bun:"policy_id"`
	GroupID   int64     `bun:"group_id"`
	Type      string    `bun:"type"`
	Category  string    `bun:"category"`
	IsActive  bool      `bun:"is_active"`
	CreatedAt time.Time `bun:"created_at,skipupdate"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// optionTypes are the types of options by those of their groups.
var optionTypes = map[string]string{rule.Website: "WEBSITE", rule.Application: "ACTIVE_WINDOW"}

// versionRow is what a policy was at a time. It never changes.
type versionRow struct {
	bun.BaseModel `bun:"table:policy_versions,alias:v"`
	db.Owned
	ID              id.UUID         `bun:"id,pk"`
	PolicyID        int64           `bun:"policy_id"`
	Version         string          `bun:"version"`
	Checksum        string          `bun:"checksum"`
	Content         json.RawMessage `bun:"content"`
	RequiresRestart bool            `bun:"requires_restart"`
	ReleasedAt      time.Time       `bun:"released_at"`
	ReleasedBy      string          `bun:"released_by"`
}

func (v versionRow) number() int64 {
	n, _ := strconv.ParseInt(v.Version, 10, 64) // we wrote it
	return n
}

// released is the version for gateways, its content as it was written: the checksum is of that, whatever fields a content
// has since.
func (v versionRow) released() (r rule.Released, err error) {
	text, err := json.Marshal(struct {
		ID              int64           `json:"id"`
		Version         string          `json:"version"`
		Checksum        string          `json:"checksum"`
		RequiresRestart bool            `json:"requiresRestart"`
		Content         json.RawMessage `json:"content"`
	}{v.PolicyID, v.Version, v.Checksum, v.RequiresRestart, v.Content})
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(text, &r)
	return r, err
}

func (v versionRow) content() (p rule.Policy, err error) {
	err = json.Unmarshal(v.Content, &p)
	return p, err
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// The types of changes.
const (
	created    = "create"
	updated    = "update"
	deleted    = "delete"
	rolledBack = "rollback"
)

// changeRow says who changed what of a policy.
type changeRow struct {
	bun.BaseModel `bun:"table:policy_changes,alias:c"`
	db.Owned
	ID        id.UUID         `bun:"id,pk"`
	PolicyID  int64           `bun:"policy_id"`
	VersionID id.UUID         `bun:"version_id"`
	ChangedBy string          `bun:"changed_by"`
	Changeset json.RawMessage `bun:"changeset"`
	Type      string          `bun:"change_type"`
	CreatedAt time.Time       `bun:"created_at"`
	Version   string          `bun:"version,scanonly"`
}

// departmentRow says which policy a department has.
type departmentRow struct {
	bun.BaseModel `bun:"table:policy_departments,alias:d"`
	db.Owned
	DepartmentID int64     `bun:"department_id,pk"`
	PolicyID     int64     `bun:"policy_id"`
	UpdatedAt    time.Time `bun:"updated_at"`
}

// The states of a roll-out.
const (
	running    = "running"
	finished   = "finished"
	stopped    = "stopped"
	superseded = "superseded" // another version was released
)

// The reasons why a roll-out was stopped.
const (
	byHand     = "by_hand"
	byFailures = "failures"
)

// rolloutRow is how far a version has come.
type rolloutRow struct {
	bun.BaseModel `bun:"table:policy_rollouts,alias:r"`
	db.Owned
	ID         id.UUID    `bun:"id,pk"`
	PolicyID   int64      `bun:"policy_id"`
	Version    int64      `bun:"version"`
	Previous   int64      `bun:"previous"`
	State      string     `bun:"state"`
	Reason     string     `bun:"reason"`
	Percent    int64      `bun:"percent"`
	Step       int64      `bun:"step"`
	Every      int64      `bun:"every_minutes"`
	NextAt     *time.Time `bun:"next_at"`
	IsRollback bool       `bun:"is_rollback"`
	StartedAt  time.Time  `bun:"started_at"`
	StartedBy  string     `bun:"started_by"`
	EndedAt    *time.Time `bun:"ended_at"`
	EndedBy    string     `bun:"ended_by"`
}

// waiting is the state of a gateway that has not answered. Its other states are those of its command.
const waiting = "waiting"

// reachedRow is a gateway that a roll-out has reached.
type reachedRow struct {
	bun.BaseModel `bun:"table:policy_rollout_gateways,alias:t"`
	db.Owned
	RolloutID  id.UUID    `bun:"rollout_id,pk"`
	GatewayID  id.UUID    `bun:"gateway_id,pk"`
	CommandID  id.UUID    `bun:"command_id"`
	State      string     `bun:"state"`
	Code       string     `bun:"code"`
	Restart    bool       `bun:"restart"`
	OrderedAt  time.Time  `bun:"ordered_at"`
	AnsweredAt *time.Time `bun:"answered_at"`
}

// bundleRow is which bundle an organization's gateways were told of last.
type bundleRow struct {
	bun.BaseModel `bun:"table:policy_bundles,alias:b"`
	db.Owned
	Generation int64     `bun:"generation"`
	Assigned   string    `bun:"assigned"`
	UpdatedAt  time.Time `bun:"updated_at"`
}

// gatewayRow stands for a gateway where only its organization matters.
type gatewayRow struct {
	bun.BaseModel `bun:"table:gateway_instances,alias:g"`
	db.Owned
	ID id.UUID `bun:"id,pk"`
}
