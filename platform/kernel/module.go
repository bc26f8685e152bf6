// Package kernel builds one role of the product from its modules: it selects them, checks what they
// need of each other, builds them in order, runs their loops and listeners, and takes all down in reverse.
package kernel

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"slices"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/jobs"
)

// Role is a way to start the binary.
type Role string

// The roles. All is three kernels in one process; no module knows of it.
const (
	Gateway   Role = "gateway"
	AgentAPI  Role = "agent-api"
	Dashboard Role = "dashboard"
)

// Roles are all roles, in the order in which one process starts them.
var Roles = [...]Role{AgentAPI, Dashboard, Gateway}

// Section is the role's name in the settings: agent_api.
func (r Role) Section() string {
	if r == AgentAPI {
		return "agent_api"
	}
	return string(r)
}

// Serves reports whether the role has the server's database: all but the gateway.
func (r Role) Serves() bool { return r != Gateway }

// Port is an interface that one module of a role provides and others need.
type Port struct{ typ reflect.Type }

// PortOf returns the port of an interface type.
func PortOf[T any]() Port { return Port{reflect.TypeFor[T]()} }

// String is the port's package and name: activity.Sink.
func (p Port) String() string { return p.typ.String() }

// Config is a module's settings: a pointer to a struct that holds its defaults.
type Config interface{ Validate() error }

// Manifest is what the kernel knows of a module before it builds it.
type Manifest struct {
	// Name is also the module's config key, metric prefix and directory.
	Name     string
	Roles    []Role
	Needs    []Port
	Provides []Port
	// Paths are the URL prefixes that the module owns.
	Paths    []string
	Commands []Command
	// Config is nil for a module without settings.
	Config  Config
	Handles []event.Handler
	// Jobs are what the module does later; it orders them through Host.Jobs.
	Jobs []jobs.Handler
	// Messages is the module's messages.json; nil for a module without texts.
	Messages []byte
}

// In reports whether the module is part of role.
func (m Manifest) In(role Role) bool { return slices.Contains(m.Roles, role) }

// Command is a sub-command of the binary that a module adds.
type Command struct {
	// Name is one word or several.
	Name  string
	Usage string
	// Role, if it is there, is built before the command runs, which so works with what its own Init and those of others
	// made. Nothing listens and no loop runs.
	Role Role
	// Alone is of a command that needs nothing but settings: no database is opened for it.
	Alone bool
	Run   func(ctx context.Context, h *CommandHost, args []string) error
}

// CommandHost is what a command works with. The module's settings are filled before it runs.
type CommandHost struct {
	// DB is the server's database, open and of the right schema.
	DB *db.DB
	// Series is where time series are; see Host.
	Series *db.DB
	Log    *slog.Logger
	// Version is the binary's.
	Version string
	Data    string
	// In is what is given to the command, nil for nothing; a terminal counts as nothing.
	In  io.Reader
	Out io.Writer
}

// Restart is what a loop returns to have the whole process end and be started again by whoever started it.
type Restart struct{ Reason string }

// Error says why.
func (r Restart) Error() string { return "restart: " + r.Reason }

// Module is one feature of the product.
type Module interface {
	// Manifest is pure: it says the same each time.
	Manifest() Manifest
	// Init builds the module. It may open what it needs (Host.Defer closes it), and starts no goroutine:
	// loops (Host.Go) start when every module is built.
	Init(ctx context.Context, h *Host) error
}
