// Package activity is the contract of what agents report: windows, sites, screenshots, sessions
// and idle time of one Windows user on one computer.
package activity

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
)

// The rights of this noun.
var (
	// Read is the right to see what people did at their computers.
	Read = actor.Permission{Name: "activity.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	// ReadQuarantine is the right to see what was set aside as impossible, of whomever.
	ReadQuarantine = actor.Permission{Name: "activity.read_quarantine", Roles: actor.Admin | actor.HR}
	// Report is the right of an agent to report it; v1's ADMIN keys had it too.
	Report = actor.Permission{Name: "activity.report", Roles: actor.Agent | actor.Admin}
)

// Kind is the type of an event, as the design document's buffer and batches name it.
type Kind string

// The five kinds, each with a table of its own.
const (
	ActiveWindow Kind = "active_window"
	VisitedSite  Kind = "visited_site"
	Screenshot   Kind = "screenshot"
	UserSession  Kind = "user_session"
	IdlePeriod   Kind = "idle_period"
)

// What agents tell of themselves travels as events too, so that it is as durable: a computer, and a Windows user.
const (
	Computer     Kind = "computer"
	ComputerUser Kind = "computer_user"
	// AgentState says that an agent runs, or why it stops.
	AgentState Kind = "agent_state"
)

// The values of DetailState.
const (
	Running  = "running"
	Stopping = "stopping"
)

// The names of Details of an AgentState, beside DetailAgentVersion and DetailIPAddress. Since is when the run began
// that the event is in, in RFC 3339 with nanoseconds; Reason and Detail are why the agent stops.
const (
	DetailState  = "state"
	DetailSince  = "since"
	DetailReason = "reason"
	DetailDetail = "detail"
)

// DetailPolicyVersion is the only name of Details of an AgentState that says no more than which policy the agent works
// by: <policy's id>.<version>.
const DetailPolicyVersion = "policyVersion"

// The names of Details: of a Computer the first five, of a ComputerUser the others, the last two "true" or "false".
const (
	DetailName         = "name"
	DetailOS           = "os"
	DetailIPAddress    = "ipAddress"
	DetailMACAddress   = "macAddress"
	DetailAgentVersion = "agentVersion"
	DetailDomain       = "domain"
	DetailUsername     = "username"
	DetailAdmin        = "isAdmin"
	DetailInDomain     = "isInDomain"
)

// Kinds are the kinds of what people do, in the order of their tables.
var Kinds = [...]Kind{ActiveWindow, VisitedSite, Screenshot, UserSession, IdlePeriod}

// Session types.
const (
	Login  = "login"
	Logout = "logout"
	Lock   = "lock"
	Unlock = "unlock"
)

// The longest texts that are kept, in bytes of UTF-8 as stored. Longer ones are cut on a rune boundary.
const (
	MaxTitle   = 500
	MaxURL     = 1000
	MaxProcess = 255
	MaxUID     = 255
	MaxPath    = 1000
)

// Event is one thing that one user did on one computer. Only the fields of its kind are set.
// Its JSON is the payload of the gateway's buffer and of the batches that the gateway delivers.
type Event struct {
	Kind Kind `json:"type"`
	// Key says that two reports are the same event; see identity-and-time-series, "Identity".
	Key         string `json:"key"`
	ComputerUID string `json:"computerUid"`
	UserSID     string `json:"userSid"`
	// At is when it began.
	At time.Time `json:"at"`
	// End is when a session ended; zero where nothing said so.
	End time.Time `json:"end,omitzero"`
	// Duration in seconds of a window, a site or an idle period.
	Duration int64  `json:"durationSeconds,omitempty"`
	Title    string `json:"title,omitempty"`
	Process  string `json:"processName,omitempty"`
	URL      string `json:"url,omitempty"`
	// Private says that a window or a site was in a browser's private mode.
	Private bool `json:"private,omitempty"`
	// Session is one of Login, Logout, Lock, Unlock.
	Session  string `json:"sessionType,omitempty"`
	FilePath string `json:"filePath,omitempty"`
	FileSize int64  `json:"fileSize,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	Width    int32  `json:"width,omitempty"`
	Height   int32  `json:"height,omitempty"`
	// Details are what a Computer, a ComputerUser or an AgentState is told of.
	Details map[string]string `json:"details,omitempty"`
	// Source is the intake that took it: api, v1, activitywatch.
	Source string `json:"source,omitempty"`
	// Aside is why the intake wants the event kept apart, in quarantine; empty for one that may be believed.
	Aside string `json:"aside,omitempty"`
	// Trace is the W3C traceparent of the request that brought it; empty unless that was sampled.
	Trace string `json:"trace,omitempty"`
}

// UnidentifiedAgent is the reason Aside of what came without a credential from somewhere that needs one.
const UnidentifiedAgent = "unidentified_agent"

// Batch is what a sink takes at once, whole or not at all.
type Batch struct {
	// Token makes the batch itself idempotent; empty for what comes straight from an agent,
	// where the events' keys alone do.
	Token string
	// Skew is the sender's clock minus ours, measured when the batch was sent; stored, not applied.
	Skew   time.Duration
	Events []Event
}

// Receipt says what became of a batch.
type Receipt struct {
	// Duplicate is true when a batch with this token was stored before; nothing was written.
	Duplicate bool
	// Stored counts new rows, Known those that were there already, Quarantined the impossible ones.
	Stored, Known, Quarantined int
	// Fallback is true when the rows went where rows go while TimescaleDB is away.
	Fallback bool
}

// Sink takes events of the actor's organization for good.
type Sink interface {
	// Put returns after the batch is durable. On an error nothing of it is kept:
	// TooMany or Unavailable when there is no room or no storage now, Invalid when it can never be kept.
	Put(ctx context.Context, b Batch) (Receipt, error)
}
