package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Cloud is agent-api as its gateway reaches it.
type Cloud interface {
	// Client returns the way there: the gateway's certificate authorities, pin, proxy and client certificate. It adds the
	// gateway's key to requests whose address begins with URL, follows no redirects and has no time limit but the context's.
	Client() *http.Client
	// URL is agent-api's address without a slash at its end.
	URL() string
	// GatewayID is the gateway's id; empty until it is enrolled.
	GatewayID() string
	// Enrolled waits until the gateway is enrolled. It returns false if ctx ends first.
	Enrolled(ctx context.Context) bool
	// RotateKey gets a new key and keeps it; the old one works on for the server's overlap.
	RotateKey(ctx context.Context) error
}

// Reporter says how the gateway is. Whoever takes its report to agent-api tells it the answer; while somebody does so
// often enough it makes no heartbeats of its own.
type Reporter interface {
	// Interval is how often reports are wanted.
	Interval() time.Duration
	// Report returns the body of a heartbeat, with the alerts that wait.
	Report(ctx context.Context) (json.RawMessage, error)
	// Answered takes what agent-api said to the last report.
	Answered(ctx context.Context, answer json.RawMessage) error
	// Channel takes how the control channel is, for the reports to come.
	Channel(c Channel)
}

// Channel is how a gateway's control channel is.
type Channel struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Since is when it became so; LastConnectedAt is zero until it was connected once.
	Since           time.Time `json:"since"`
	LastConnectedAt time.Time `json:"lastConnectedAt,omitzero"`
}

// Reach is for those who hold connections to agent-api, perhaps at an address of its own that the operator names.
type Reach interface {
	// ClientTo returns Cloud's client, which adds the gateway's key to requests to this address as well.
	ClientTo(address string) *http.Client
	// Rekeyed is closed when the gateway has another key or certificate than now.
	Rekeyed() <-chan struct{}
}
