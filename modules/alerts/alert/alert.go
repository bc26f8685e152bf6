// Package alert is the contract of what someone must look at.
package alert

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "alert.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "alert.write", Roles: actor.Admin | actor.HR}
)

// Severity is how bad it is.
type Severity string

// The severities of the design document.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// The kinds of alert that the design document names, and DataDropped: a gateway gave up what it held.
const (
	BufferOverflow   = "buffer_overflow"
	ConnectionFailed = "connection_failed"
	GatewayOffline   = "gateway_offline"
	DataGap          = "data_gap"
	DataDropped      = "data_dropped"
)

// The kinds that door terminals report.
const (
	DoorAlarm     = "door_alarm"
	DoorTampered  = "door_tampered"
	AccessDenied  = "access_denied"
	DeviceOffline = "device_offline"
	DeviceFailed  = "device_failed"
)

// The kinds of the server itself: TimescaleDB is away, so that rows go to PostgreSQL, and it is there again.
const (
	TimescaleFallback  = "timescale_fallback_activated"
	TimescaleRecovered = "timescale_recovered"
)

// StorageFileMissing is raised where files are not in the store any more of which there are rows.
const StorageFileMissing = "storage_file_missing"

// RetentionFailed is a day that could not be taken away although it is older than its rule.
const RetentionFailed = "retention_failed"

// PolicyRolloutStopped is a version of a policy that too many gateways could not put in force; it was rolled back.
const PolicyRolloutStopped = "policy_rollout_stopped"

// UpdateRolledBack is a new version of a gateway's program that was started and given up, for the Details' reason,
// HealthCheckFailed.
const (
	UpdateRolledBack  = "update_rolled_back"
	HealthCheckFailed = "health_check_failed"
)

// PolicyFailed is of a gateway that refuses the policies that it is given, or has lost those that it had.
const PolicyFailed = "policy_failed"

// Alert is one thing that happened. ID makes raising it twice harmless.
type Alert struct {
	ID       id.UUID        `json:"id"`
	Kind     string         `json:"kind"`
	Severity Severity       `json:"severity"`
	At       time.Time      `json:"at"`
	Subject  string         `json:"subject"` // gateway:0192…, computer:PC-17
	Details  map[string]any `json:"details,omitempty"`
}

// Raised is the event that an alert was kept, on behalf of whoever raised it. Its Alert has the id by which it is kept.
type Raised struct {
	OrganizationID int64     `json:"organizationId,omitempty"`
	Alert          Alert     `json:"alert"`
	At             time.Time `json:"at"` // by the server's clock
}

// Acknowledged is the event that somebody has said that an alert has been seen.
type Acknowledged struct {
	OrganizationID int64     `json:"organizationId,omitempty"`
	ID             id.UUID   `json:"id"`
	At             time.Time `json:"at"`
}

// Log takes alerts for the actor's organization. On a gateway it keeps them until they are delivered.
type Log interface {
	Raise(ctx context.Context, a Alert) error
}

// Outbox is the gateway's side: what has to be delivered.
type Outbox interface {
	Undelivered(ctx context.Context) ([]Alert, error)
	Delivered(ctx context.Context, ids []id.UUID) error
}
