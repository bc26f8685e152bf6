package uplink

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

// picture adds a picture of n bytes.
func (m *memory) picture(n int) {
	m.mu.Lock()
	m.files[m.last[backlog.Picture]+1] = bytes.Repeat([]byte{byte(n)}, n)
	m.mu.Unlock()
	m.add(backlog.Picture, 1)
}

// file is an opened picture.
type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (m *memory) Picture(_ context.Context, seq int64) (backlog.Spooled, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, is := m.files[seq]
	if !is {
		return backlog.Spooled{}, backlog.ErrLost
	}
	return backlog.Spooled{File: file{bytes.NewReader(content)}, Name: fmt.Sprint(seq, ".jpg"), ContentType: "image/jpeg", Size: int64(len(content)), SHA256: "ab"}, nil
}

func (m *memory) Drop(_ context.Context, s backlog.Stream, seq int64, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[s] = slices.DeleteFunc(slices.Clone(m.rows[s]), func(r backlog.Row) bool { return r.Seq == seq })
	m.dropped[s] = append(m.dropped[s], backlog.Dropped{First: seq, Last: seq, Reason: reason})
	return nil
}

// storePicture reads a picture as agent-api does: what is known of it first, then the file.
func (a *agentAPI) storePicture(w http.ResponseWriter, r *http.Request, body []byte) {
	in, content, err := readPicture(r, body)
	if err != nil {
		say(w, 400, map[string]any{"success": false, "code": err.Error()})
		return
	}
	if !a.tokens[in.IdempotencyToken] {
		a.files[in.Seq] = len(content)
	}
	in.Data = in.Data[:0]
	in.Data = append(in.Data, in.ingestItem)
	a.store(w, in.ingestBody)
}

type pictureBody struct {
	ingestBody
	ingestItem
}

func readPicture(r *http.Request, body []byte) (in pictureBody, content []byte, err error) {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || r.ContentLength != int64(len(body)) {
		return in, nil, fmt.Errorf("length %d, %d read, %w", r.ContentLength, len(body), err)
	}
	form := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	part, err := form.NextPart()
	if err != nil || part.FormName() != "metadata" {
		return in, nil, fmt.Errorf("the first part: %w", err)
	}
	if err := json.NewDecoder(part).Decode(&in); err != nil {
		return in, nil, err
	}
	if part, err = form.NextPart(); err != nil || part.FormName() != "file" || part.Header.Get("Content-Type") != "image/jpeg" {
		return in, nil, fmt.Errorf("the second part: %w", err)
	}
	content, err = io.ReadAll(part)
	return in, content, err
}
