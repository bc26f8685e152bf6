package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// errGone is returned when the company, and with it the maker's token, has been removed.
var errGone = errors.New("the demo company has been removed")

// errUnwanted is returned for what is as it should be, and not wanted there.
var errUnwanted = errors.New("refused as it is")

// client speaks to one of the product's interfaces.
type client struct {
	http *http.Client
	base string
	// header and secret are who it is.
	header, secret string
	pause          time.Duration // before another try
}

func newClient(base, header, secret string) *client {
	return &client{http: &http.Client{Timeout: time.Minute}, base: strings.TrimRight(base, "/"), header: header, secret: secret, pause: time.Second}
}

// call sends in as JSON and reads the answer into out, which may be nil. It tries again while the other side is not
// there or has no room; any other refusal is an error.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return c.insist(ctx, func() (bool, error) { return c.once(ctx, method, path, "application/json", body, out) })
}

// send sends a picture with what is known of it, and takes it that nobody may want it.
func (c *client) send(ctx context.Context, path string, known any, picture []byte) error {
	metadata, err := json.Marshal(known)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	err = w.WriteField("metadata", string(metadata))
	var part io.Writer
	if err == nil {
		part, err = w.CreateFormFile("file", "screen.jpg")
	}
	if err == nil {
		_, err = part.Write(picture)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	err = c.insist(ctx, func() (bool, error) {
		return c.once(ctx, http.MethodPost, path, w.FormDataContentType(), body.Bytes(), nil)
	})
	if errors.Is(err, errUnwanted) {
		return nil
	}
	return err
}

// insist tries again as long as it is said to help.
func (c *client) insist(ctx context.Context, try func() (again bool, err error)) error {
	for {
		again, err := try()
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.pause):
		}
	}
}

func (c *client) once(ctx context.Context, method, path, contentType string, body []byte, out any) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set(c.header, c.secret)
	res, err := c.http.Do(req)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	switch {
	case err != nil, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable:
		return true, err
	case res.StatusCode == http.StatusUnauthorized:
		return false, errGone
	case res.StatusCode == http.StatusUnprocessableEntity:
		return false, fmt.Errorf("%w: %.300s", errUnwanted, text)
	case res.StatusCode >= 300:
		return false, fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, text)
	case out == nil || len(text) == 0:
		return false, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return false, fmt.Errorf("read the answer of %s %s: %w", method, path, err)
	}
	return false, nil
}
