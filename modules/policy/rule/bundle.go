package rule

import (
	"context"
	"encoding/json"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/canonical"
)

// Policy is what agents report of the people under it, and what of that is kept. It is the content of a version: what is
// once released never changes. The zero value keeps nothing; Everything is what counts where nobody has decided. Idle time
// and sessions have no switch: they are kept where any of the three kinds is.
type Policy struct {
	ActiveWindows bool `json:"activeWindows"`
	VisitedSites  bool `json:"visitedSites"`
	Screenshots   bool `json:"screenshots"`
	// ScreenshotSeconds is the time between two pictures; 0 leaves it to the agent.
	ScreenshotSeconds   int64 `json:"screenshotSeconds"`
	ScreenshotGrayscale bool  `json:"screenshotGrayscale"`
	// ScreenshotAll has all screens pictured, not the one in use.
	ScreenshotAll bool `json:"screenshotAll"`
	// Hours bound all of it to working hours, idle time and sessions too; nil is always.
	Hours *Hours `json:"hours,omitempty"`
	// Exclude is never kept.
	Exclude Exclusions `json:"exclude"`
	// Groups say how sites and applications count.
	Groups []Group `json:"groups"`
}

// Hours are working hours by the clock of a zone. From may be after To, or the same: then the shift ends on the next day.
type Hours struct {
	Zone string `json:"zone"` // IANA: Asia/Tashkent
	Days []int  `json:"days"` // ISO: 1 is Monday, 7 Sunday; the day on which the shift begins
	From string `json:"from"` // 09:00
	To   string `json:"to"`   // 18:00
}

// Exclusions are what is never stored, not even in the gateway's buffer.
type Exclusions struct {
	// Titles are parts of window titles, in any case of letters and with or without the sign of oʻ and gʻ.
	Titles []string `json:"titles"`
	// Sites are hosts; one counts for all under it, whatever the port: bank.uz for my.bank.uz.
	Sites []string `json:"sites"`
	// Applications are names of processes, in any case of letters, with or without .exe.
	Applications []string `json:"applications"`
	// PrivateWindows leaves out browser windows in private mode, by what agents and watchers say of them and by the
	// marks that browsers write into titles.
	PrivateWindows bool `json:"privateWindows"`
}

// The categories of a group.
const (
	Productive   = "productive"
	Neutral      = "neutral"
	Unproductive = "unproductive"
)

// The types of a group.
const (
	Website     = "WEBSITE"
	Application = "APPLICATION"
)

// Group is sites or applications that count alike.
type Group struct {
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Category string   `json:"category"`
	Values   []string `json:"values"`
}

// Everything is the policy of people for whom nobody has decided: all is kept, in colour.
func Everything() Policy {
	none := []string{}
	return Policy{
		ActiveWindows: true, VisitedSites: true, Screenshots: true,
		Exclude: Exclusions{Titles: none, Sites: none, Applications: none}, Groups: []Group{},
	}
}

// Checksum is the SHA-256 of the policy's canonical JSON, as it is when the policy is released.
func (p Policy) Checksum() (string, error) { return canonical.Sum(p) }

// Released is a version of a policy. What was read from JSON is written as it was read, so that a gateway hands on what
// a newer server says, and the checksum is right.
type Released struct {
	ID      int64  `json:"id"`
	Version string `json:"version"`
	// Checksum is the SHA-256 of the content's canonical JSON (RFC 8785), lower-case hex.
	Checksum        string `json:"checksum"`
	RequiresRestart bool   `json:"requiresRestart"`
	Content         Policy `json:"content"`

	text json.RawMessage // of the content, where it was read
}

// wire is a Released as it travels.
type wire struct {
	ID              int64           `json:"id"`
	Version         string          `json:"version"`
	Checksum        string          `json:"checksum"`
	RequiresRestart bool            `json:"requiresRestart"`
	Content         json.RawMessage `json:"content"`
}

// Text is the content's JSON.
func (r Released) Text() (json.RawMessage, error) {
	if r.text != nil {
		return r.text, nil
	}
	return json.Marshal(r.Content)
}

// MarshalJSON writes it.
func (r Released) MarshalJSON() ([]byte, error) {
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	return json.Marshal(wire{r.ID, r.Version, r.Checksum, r.RequiresRestart, text})
}

// UnmarshalJSON reads it.
func (r *Released) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*r = Released{ID: w.ID, Version: w.Version, Checksum: w.Checksum, RequiresRestart: w.RequiresRestart, text: w.Content}
	return json.Unmarshal(w.Content, &r.Content)
}

// Release makes a version of a policy, with its checksum.
func Release(id int64, version string, content Policy, requiresRestart bool) (Released, error) {
	sum, err := content.Checksum()
	return Released{ID: id, Version: version, Checksum: sum, RequiresRestart: requiresRestart, Content: content}, err
}

// sum is the checksum that the content has.
func (r Released) sum() (string, error) {
	text, err := r.Text()
	if err != nil {
		return "", err
	}
	return canonical.Sum(text)
}

// Bundle is all that a gateway works by: the answer of GET /v2/gateway/policies/:id, whose ETag is the bundle's own
// checksum.
type Bundle struct {
	OrganizationID int64      `json:"organizationId"`
	Policies       []Released `json:"policies"`
	// DefaultID is the policy of whoever has no other; 0 is Everything.
	DefaultID int64 `json:"defaultId"`
	// Users have policies of their own by SID, Computers by UID where no user is known or the user has none.
	Users     map[string]int64 `json:"users"`
	Computers map[string]int64 `json:"computers"`
}

// Set knows which rules are in force for the actor's organization.
type Set interface {
	// Of returns the rules of a Windows user on a computer; sid may be empty.
	Of(ctx context.Context, computerUID, sid string) (Rules, error)
	// Changed is closed when other rules than now come into force.
	Changed() <-chan struct{}
}

// Keeper holds the rules on the gateway.
type Keeper interface {
	// Refresh fetches the rules, verifies them and puts them in force, on the disk too. It returns once they are; the
	// version of the policy must be in them, with this checksum, unless policyID is 0.
	Refresh(ctx context.Context, policyID int64, version, checksum string) error
}

// Rules are a policy made ready to judge by.
type Rules interface {
	// Released is the policy with its version; its ID is 0 where nobody has decided.
	Released() Released
	// Keeps reports whether the event may be stored, and if not, which of Whys. It judges texts as they came, before
	// they are cut to length. Of an event that reaches beyond working hours it leaves the part in the first that it
	// reaches. Where sites are switched off, the address of a window is not left either. What agents tell of themselves is
	// always kept.
	Keeps(e *activity.Event) (ok bool, why string)
	// Pictures says whether and how the screen is pictured at the time.
	Pictures(at time.Time) Screenshots
}
