package uplink

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

// resume remembers how far the batch under way reaches, so that after a restart the same rows make the same
// batch and the server knows it by its token. Losing the note is harmless: the events have keys.
type resume struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	sent map[backlog.Stream]mark
}

type mark struct {
	Epoch string `json:"epoch"`
	Last  int64  `json:"last"`
}

func openResume(data string, log *slog.Logger) *resume {
	r := &resume{path: filepath.Join(data, "uplink.json"), log: log, sent: map[backlog.Stream]mark{}}
	if err := jsonfile.Read(r.path, &r.sent); err != nil {
		log.Warn("the note of the last batch is unreadable", "error", err)
		r.sent = map[backlog.Stream]mark{}
	}
	return r
}

// begun reports whether the first of the rows was sent before.
func (r *resume) begun(stream backlog.Stream, epoch string, rows []backlog.Row) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.sent[stream]
	return m.Epoch == epoch && len(rows) > 0 && rows[0].Seq <= m.Last
}

// cut leaves of the rows those of the batch that was under way, if it was, or all.
func (r *resume) cut(stream backlog.Stream, epoch string, rows []backlog.Row) []backlog.Row {
	if !r.begun(stream, epoch, rows) {
		return rows
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, row := range rows {
		if row.Seq > r.sent[stream].Last {
			return rows[:i]
		}
	}
	return rows
}

// note is called before a batch is sent. It does not wait for the disk: kill -9 leaves what was written.
func (r *resume) note(b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(b.rows) == 0 || r.sent[b.stream] == (mark{b.epoch, b.last()}) {
		return
	}
	r.sent[b.stream] = mark{b.epoch, b.last()}
	text, err := json.Marshal(r.sent)
	if err == nil {
		err = os.WriteFile(r.path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(r.path+".new", r.path)
	}
	if err != nil {
		r.log.Warn("the note of the batch under way could not be written", "error", err)
	}
}
