package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/js"
)

// routesSecurity serves those who keep v1's agent-api safe. Rows are named :id in paths as everywhere, whatever they
// are named by.
func (s *service) routesSecurity(r httpx.Router) {
	const path = "/api/security"
	r.GET("/api", actor.Public, httpx.Handle(200, s.greet), httpx.Doc("A greeting"))
	r.GET(path+"/stats", identity.ReadSecurity, httpx.Handle(200, s.getStats), httpx.Doc("How many security events there were"))
	r.GET(path+"/events", identity.ReadSecurity, httpx.Handle(200, s.getEvents), httpx.Doc("Security events, the newest first"))
	r.POST(path+"/events", identity.WriteSecurity, httpx.Handle(201, s.postEvent), httpx.Doc("Tell of a security event"))
	r.GET(path+"/api-keys", identity.WriteKeys, httpx.Handle(200, s.getKeysV1), httpx.Doc("API keys, without the keys themselves"))
	r.POST(path+"/api-keys", identity.WriteKeys, httpx.Handle(201, s.postKeyV1), httpx.Doc("Make an API key, which is shown once"))
	r.PUT(path+"/api-keys/:id", identity.WriteKeys, httpx.Handle(200, s.putKeyV1), httpx.Doc("Change an API key"))
	r.DELETE(path+"/api-keys/:id", identity.WriteKeys, httpx.Handle(200, s.deleteKeyV1), httpx.Doc("Revoke an API key for good"))
	r.GET(path+"/ip-whitelist", identity.ReadSecurity, httpx.Handle(200, s.getWhitelist), httpx.Doc("Addresses that are never blocked by themselves"))
	r.POST(path+"/ip-whitelist", identity.WriteSecurity, httpx.Handle(201, s.postWhitelist), httpx.Doc("Add such an address or network"))
	r.DELETE(path+"/ip-whitelist/:id", identity.WriteSecurity, httpx.Handle(200, s.deleteWhitelist), httpx.Doc("Take such an address off the list"))
	r.GET(path+"/ip-blocked", identity.ReadSecurity, httpx.Handle(200, s.getBlocked), httpx.Doc("Blocked addresses"))
	r.POST(path+"/ip-blocked/:id", identity.WriteSecurity, httpx.Handle(201, s.postBlocked), httpx.Doc("Block an address or network"))
	r.DELETE(path+"/ip-blocked/:id", identity.WriteSecurity, httpx.Handle(200, s.deleteBlocked), httpx.Doc("Take a block back"))
	r.GET(path+"/health", identity.ReadHealth, httpx.Handle(200, s.getHealthV1), httpx.Doc("Whether keys are checked, and numbers"))
}

// isoV1 is a time as v1 wrote it: in UTC with milliseconds.
type isoV1 time.Time

// MarshalText writes the time.
func (t isoV1) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// isoOrNone is nil for the zero time, which v1 left out.
func isoOrNone(t time.Time) *isoV1 {
	if t.IsZero() {
		return nil
	}
	return (*isoV1)(&t)
}

type statsRequest struct {
	PeriodHours string `query:"periodHours" doc:"24 if it is not a number"`
}

func (s *service) getStats(ctx context.Context, in statsRequest) (stats, error) {
	hours := numberOr(in.PeriodHours, 24, 24*366)
	return s.statsSince(ctx, s.time().Add(-time.Duration(hours)*time.Hour))
}

// numberOr reads a number from 1 to most; another is the usual one, as in v1, which checked nothing.
func numberOr(text string, usual, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return usual
	}
	return min(n, most)
}

type eventsRequest struct {
	Limit     string `query:"limit" doc:"100 if it is not a number"`
	EventType string `query:"eventType"`
}

// eventV1 is an event as v1 showed it, but for the key, which is named and never shown.
type eventV1 struct {
	EventType     string         `json:"eventType"`
	IPAddress     string         `json:"ipAddress"`
	UserAgent     string         `json:"userAgent"`
	APIKey        string         `json:"apiKey,omitempty"`
	RequestPath   string         `json:"requestPath,omitempty"`
	RequestMethod string         `json:"requestMethod,omitempty"`
	Severity      int            `json:"severity"`
	Details       map[string]any `json:"details,omitempty" doc:"with the number of alike ones within its minute, as count, where there were more"`
	Timestamp     isoV1          `json:"timestamp"`
}

func asEvent(row eventRow) eventV1 {
	e := eventV1{
		EventType: row.EventType, IPAddress: row.IPAddress, UserAgent: row.UserAgent, RequestPath: row.RequestPath,
		RequestMethod: row.RequestMethod, Severity: row.Severity, Details: maps.Clone(row.Details), Timestamp: isoV1(row.LastAt),
	}
	switch {
	case row.KeyID != 0:
		e.APIKey = keyName(row.KeyID)
	case row.EventType == eventInvalidKey, row.EventType == eventUnauthorized: // which nobody's key may be, too
		e.APIKey = "***"
	}
	if row.Times > 1 {
		if e.Details == nil {
			e.Details = map[string]any{}
		}
		e.Details["count"] = row.Times
	}
	return e
}

func (s *service) getEvents(ctx context.Context, in eventsRequest) ([]eventV1, error) {
	rows, err := s.listEvents(ctx, in.EventType, numberOr(in.Limit, 100, db.MaxLimit))
	list := make([]eventV1, len(rows))
	for i, row := range rows {
		list[i] = asEvent(row)
	}
	return list, err
}

type messageV1 struct {
	Message string `json:"message"`
}

// outcomeV1 is how v1 said whether it found what was to be changed.
type outcomeV1 struct {
	Message string `json:"message"`
	Success bool   `json:"success"`
}

func (s *service) postEvent(ctx context.Context, in eventInput) (messageV1, error) {
	return messageV1{"Security event logged successfully"}, s.report(ctx, in)
}

// keyV1 is a key as v1 listed it.
type keyV1 struct {
	KeyID       string   `json:"keyId"`
	MaskedKey   string   `json:"maskedKey"`
	Type        string   `json:"type" enum:"AGENT,HIKVISION,ADMIN"`
	Description string   `json:"description"`
	AllowedIPs  []string `json:"allowedIps"`
	RateLimit   int      `json:"rateLimit,omitzero"`
	IsActive    bool     `json:"isActive"`
	ExpiresAt   *isoV1   `json:"expiresAt,omitempty"`
	LastUsed    *isoV1   `json:"lastUsed,omitempty"`
}

// keyName is what v1's clients know a key by.
func keyName(id int64) string { return fmt.Sprintf("key_%d", id) }

func keyID(name string) (int64, bool) {
	text, named := strings.CutPrefix(name, "key_")
	id, err := strconv.ParseInt(text, 10, 64)
	return id, named && err == nil
}

func (s *service) getKeysV1(ctx context.Context, _ struct{}) ([]keyV1, error) {
	if err := s.guard.flush(ctx); err != nil {
		return nil, err
	}
	rows, err := s.store.keys(ctx, 0, 0, maxListed)
	list := []keyV1{}
	for _, k := range rows {
		if !k.RevokedAt.IsZero() {
			continue // v1 forgot them
		}
		list = append(list, keyV1{
			KeyID: keyName(k.ID), MaskedKey: k.Prefix + "***", Type: k.Type, Description: k.Description, AllowedIPs: append([]string{}, k.networks()...),
			RateLimit: k.RateLimit, IsActive: k.IsActive, ExpiresAt: isoOrNone(k.ExpiresAt), LastUsed: isoOrNone(k.LastUsedAt),
		})
	}
	return list, err
}

type newKeyV1 struct {
	KeyType     string   `json:"keyType,omitempty" enum:"AGENT,HIKVISION,ADMIN"`
	Description string   `json:"description,omitempty"`
	AllowedIPs  []string `json:"allowedIps,omitempty"`
	RateLimit   int      `json:"rateLimit,omitempty"`
	IsActive    *bool    `json:"isActive,omitempty"`
	ExpiresAt   string   `json:"expiresAt,omitempty"`
}

type madeKeyV1 struct {
	KeyID   string `json:"keyId"`
	APIKey  string `json:"apiKey"`
	Message string `json:"message"`
}

func (s *service) postKeyV1(ctx context.Context, in newKeyV1) (madeKeyV1, error) {
	expires, err := expiryV1(in.ExpiresAt)
	if err != nil {
		return madeKeyV1{}, err
	}
	if in.KeyType == "" {
		in.KeyType = actor.Agent.String()
	}
	row, key, err := s.createKey(ctx, keyInput{
		Type: in.KeyType, Description: in.Description, AllowedIPs: in.AllowedIPs, RateLimit: in.RateLimit, ExpiresAt: expires,
		v1: true, inactive: in.IsActive != nil && !*in.IsActive,
	})
	return madeKeyV1{keyName(row.ID), key, "API key created successfully. Store this key securely as it cannot be retrieved again."}, err
}

func expiryV1(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, ok := js.ParseTime(text)
	if !ok || !db.KeepsTime(at) {
		var f fault.Fields
		f.Add("expiresAt", "not_a_time", nil)
		return at, f.Err()
	}
	return at, nil
}

// keyPatchV1 has what a client changes; null takes a limit or an end away.
type keyPatchV1 struct {
	ID          string          `path:"id" json:"-"`
	Description *string         `json:"description,omitempty"`
	AllowedIPs  *[]string       `json:"allowedIps,omitempty"`
	RateLimit   json.RawMessage `json:"rateLimit,omitempty"`
	IsActive    *bool           `json:"isActive,omitempty"`
	ExpiresAt   json.RawMessage `json:"expiresAt,omitempty"`
}

func (in keyPatchV1) patch() (p keyPatch, err error) {
	p = keyPatch{description: in.Description, allowed: in.AllowedIPs, active: in.IsActive}
	if in.RateLimit != nil {
		p.rate = new(int)
		if err := json.Unmarshal(in.RateLimit, p.rate); err != nil {
			var f fault.Fields
			f.Add("rateLimit", "not_a_number", nil)
			return p, f.Err()
		}
	}
	if in.ExpiresAt == nil {
		return p, nil
	}
	text := ""
	if err := json.Unmarshal(in.ExpiresAt, &text); err != nil {
		text = string(in.ExpiresAt) // a number is no time, and is refused as such
	}
	at, err := expiryV1(text)
	p.expires = &at
	return p, err
}

func (s *service) putKeyV1(ctx context.Context, in keyPatchV1) (outcomeV1, error) {
	p, err := in.patch()
	if err != nil {
		return outcomeV1{}, err
	}
	id, named := keyID(in.ID)
	if !named {
		return outcomeV1{"API key not found", false}, nil
	}
	return keyOutcome("API key updated successfully", s.changeKey(ctx, id, p))
}

// keyOutcome says as v1 did whether there was such a key.
func keyOutcome(done string, err error) (outcomeV1, error) {
	if errors.Is(err, errKeyUnknown) {
		return outcomeV1{"API key not found", false}, nil
	}
	return outcomeV1{done, true}, err
}

type namedRequest struct {
	ID string `path:"id"`
}

func (s *service) deleteKeyV1(ctx context.Context, in namedRequest) (outcomeV1, error) {
	id, named := keyID(in.ID)
	if !named {
		return outcomeV1{"API key not found", false}, nil
	}
	return keyOutcome("API key revoked successfully", s.revokeKey(ctx, id))
}

func (s *service) getWhitelist(ctx context.Context, _ struct{}) ([]string, error) {
	rows, err := s.listWhitelist(ctx)
	list := []string{}
	for _, row := range rows {
		if row.IsActive {
			list = append(list, row.Address)
		}
	}
	return list, err
}

type whitelistRequest struct {
	IPAddress   string `json:"ipAddress"`
	Description string `json:"description,omitempty"`
	IsActive    *bool  `json:"isActive,omitempty"`
}

func (s *service) postWhitelist(ctx context.Context, in whitelistRequest) (messageV1, error) {
	err := s.allowAddress(ctx, in.IPAddress, in.Description, in.IsActive == nil || *in.IsActive)
	return messageV1{"IP added to whitelist successfully"}, err
}

func (s *service) deleteWhitelist(ctx context.Context, in namedRequest) (outcomeV1, error) {
	found, err := s.disallowAddress(ctx, in.ID)
	if !found {
		return outcomeV1{"IP not found in whitelist", false}, err
	}
	return outcomeV1{"IP removed from whitelist successfully", true}, err
}

func (s *service) getBlocked(ctx context.Context, _ struct{}) ([]string, error) {
	return s.listBlocked(ctx)
}

type blockRequest struct {
	ID       string  `path:"id" json:"-"`
	Reason   string  `json:"reason,omitempty"`
	Duration float64 `json:"duration,omitempty" doc:"milliseconds; for ever if it is not there"`
}

// maxBlock is the longest block that has an end.
const maxBlock = 100 * 365 * 24 * time.Hour

func (s *service) postBlocked(ctx context.Context, in blockRequest) (messageV1, error) {
	during := min(in.Duration, float64(maxBlock/time.Millisecond))
	_, err := s.blockAddress(ctx, in.ID, in.Reason, time.Duration(during*float64(time.Millisecond)), addressOf(httpx.ClientIP(ctx)))
	return messageV1{"IP blocked successfully"}, err
}

func (s *service) deleteBlocked(ctx context.Context, in namedRequest) (messageV1, error) {
	return messageV1{"IP unblocked successfully"}, s.unblockAddress(ctx, in.ID)
}

type healthV1 struct {
	Status         string `json:"status" enum:"healthy"`
	Timestamp      isoV1  `json:"timestamp"`
	ActiveAPIKeys  int64  `json:"activeApiKeys"`
	WhitelistedIPs int64  `json:"whitelistedIps"`
	BlockedIPs     int64  `json:"blockedIps"`
	RecentEvents   int64  `json:"recentEvents"`
}

func (s *service) getHealthV1(ctx context.Context, _ struct{}) (healthV1, error) {
	n, err := s.securityState(ctx)
	return healthV1{"healthy", isoV1(s.time()), n.keys, n.whitelisted, n.blocked, n.events}, err
}
