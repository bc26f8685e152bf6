package agents

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jsonfile"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	tokenPrefix = "sat_"
	// stale is how long a token that is not used keeps its place when there is none for a new one.
	stale = 30 * 24 * time.Hour
)

// enrolled is a computer whose agent has a token. The token itself is nowhere.
type enrolled struct {
	ComputerUID    string `json:"computerUid"`
	OrganizationID int64  `json:"organizationId"`
	Hash           string `json:"hash"`
	// KeyHash is the hash of the key that it came from, and stops with.
	KeyHash string    `json:"keyHash"`
	SeenAt  time.Time `json:"seenAt"`
}

// tokens knows who is enrolled: in memory, and in <data>/agents.json.
type tokens struct {
	limit int
	now   func() time.Time
	file  file

	mu     sync.Mutex
	byUID  map[string]*enrolled
	byHash map[string]*enrolled
	seen   bool // there is a newer SeenAt than the file has
}

type tokensFile struct {
	Agents []enrolled `json:"agents"`
}

func openTokens(data string, limit int, log *slog.Logger, now func() time.Time) *tokens {
	t := &tokens{limit: limit, now: now, byUID: map[string]*enrolled{}, byHash: map[string]*enrolled{}}
	t.file = file{path: filepath.Join(data, "agents.json"), state: t.state}
	var kept tokensFile
	if err := jsonfile.Read(t.file.path, &kept); err != nil {
		log.Warn("the agents' tokens on disk are unreadable, so agents have to enrol again", "error", err)
	}
	for _, e := range kept.Agents {
		t.put(&e)
	}
	return t
}

func (t *tokens) state() any {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := tokensFile{Agents: make([]enrolled, 0, len(t.byUID))}
	for _, e := range t.byUID {
		all.Agents = append(all.Agents, *e)
	}
	slices.SortFunc(all.Agents, func(a, b enrolled) int { return strings.Compare(a.ComputerUID, b.ComputerUID) })
	t.seen = false
	return all
}

// put adds it in place of an earlier one of its computer, which it returns.
func (t *tokens) put(e *enrolled) (before *enrolled) {
	before = t.byUID[e.ComputerUID]
	if before != nil {
		delete(t.byHash, before.Hash)
	}
	t.byUID[e.ComputerUID], t.byHash[e.Hash] = e, e
	return before
}

// issue makes a token for the agent of a computer. When it returns, the token is on the disk and an earlier one ends.
func (t *tokens) issue(organizationID int64, uid, keyHash string) (agentID, token string, err error) {
	token = secret.New(tokenPrefix)
	e := &enrolled{ComputerUID: strings.Clone(uid), OrganizationID: organizationID, Hash: secret.Hash(token), KeyHash: keyHash, SeenAt: t.now().UTC()}
	t.mu.Lock()
	if t.byUID[uid] == nil && len(t.byUID) >= t.limit && !t.drop() {
		t.mu.Unlock()
		return "", "", errTooMany
	}
	before := t.put(e)
	t.mu.Unlock()
	if err := t.file.save(); err != nil {
		t.takeBack(e, before)
		return "", "", err
	}
	return id.Derive(organizationID, "agent", uid).String(), token, nil
}

// drop forgets the agent that was not seen for longest, if that is long enough.
func (t *tokens) drop() bool {
	var oldest *enrolled
	for _, e := range t.byUID {
		if oldest == nil || e.SeenAt.Before(oldest.SeenAt) {
			oldest = e
		}
	}
	if oldest == nil || t.now().Sub(oldest.SeenAt) < stale {
		return false
	}
	delete(t.byUID, oldest.ComputerUID)
	delete(t.byHash, oldest.Hash)
	return true
}

// takeBack undoes put, unless somebody has put another since.
func (t *tokens) takeBack(e, before *enrolled) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byUID[e.ComputerUID] != e {
		return
	}
	delete(t.byHash, e.Hash)
	delete(t.byUID, e.ComputerUID)
	if before != nil {
		t.put(before)
	}
}

// find returns whose token it is, and notes that it was seen.
func (t *tokens) find(token string) (enrolled, bool) {
	hash := secret.Hash(token)
	t.mu.Lock()
	defer t.mu.Unlock()
	e, known := t.byHash[hash]
	if !known {
		return enrolled{}, false
	}
	e.SeenAt, t.seen = t.now().UTC(), true
	return *e, true
}

// since returns the computers whose agents were seen since then.
func (t *tokens) since(then time.Time) (uids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for uid, e := range t.byUID {
		if e.SeenAt.After(then) {
			uids = append(uids, uid)
		}
	}
	return uids
}

func (t *tokens) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byUID)
}

// flush writes when agents were seen, if that is newer than what is on the disk.
func (t *tokens) flush() error {
	t.mu.Lock()
	news := t.seen
	t.mu.Unlock()
	if !news {
		return nil
	}
	return t.file.save()
}
