package uplink

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/trace"
)

// client speaks to agent-api.
type client struct {
	http    *http.Client
	base    string
	agent   string // User-Agent
	timeout time.Duration
	now     func() time.Time
	clock   *clock
	way     *way
}

func newClient(cfg Config, version string, now func() time.Time) (*client, error) {
	w, err := newWay(cfg, now)
	if err != nil {
		return nil, err
	}
	return &client{
		// A redirected POST would lose its body or go where nobody has looked at the certificate.
		http: &http.Client{Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base: strings.TrimRight(cfg.URL, "/"), agent: "staff-control-gateway/" + version,
		timeout: cfg.Timeout, now: now, clock: &clock{}, way: w,
	}, nil
}

func newTransport(cfg Config) (*http.Transport, error) {
	secure, err := newTLS(cfg)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		TLSClientConfig: secure, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: 2 * time.Second, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	if cfg.Proxy != "" {
		proxy, err := url.Parse(cfg.Proxy)
		if err != nil {
			return nil, fmt.Errorf("read uplink.proxy: %w", err)
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	return t, nil
}

func newTLS(cfg Config) (*tls.Config, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12, VerifyConnection: isServer}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read uplink.ca_file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // a bare machine has none
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read uplink.ca_file: no certificate in %s", cfg.CAFile)
		}
		secure.RootCAs = pool
	}
	pin, err := parsePin(cfg.PinSHA256)
	if err != nil {
		return nil, err
	}
	if pin != nil {
		secure.VerifyConnection = func(s tls.ConnectionState) error { return cmp.Or(isServer(s), pinned(s, pin)) }
	}
	return secure, nil
}

var errPin = errors.New("no certificate of the server has the pinned public key")

// pinned asks, after the usual checks, that one of the verified certificates has the pinned key.
func pinned(s tls.ConnectionState, pin []byte) error {
	for _, chain := range s.VerifiedChains {
		for _, c := range chain {
			if sum := sha256.Sum256(c.RawSubjectPublicKeyInfo); bytes.Equal(sum[:], pin) {
				return nil
			}
		}
	}
	return errPin
}

func parsePin(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		pin, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "sha256/"))
	}
	if err != nil || len(pin) != sha256.Size {
		return nil, fmt.Errorf("read uplink.pin_sha256: not 32 bytes in hex or base64")
	}
	return pin, nil
}

// request is one question to agent-api.
type request struct {
	method, path string
	key          string // the gateway's; empty before it has one
	body         []byte
	encoding     string        // of the body; empty is as it is
	token        string        // X-Idempotency-Token
	form         *form         // in place of a body
	longer       time.Duration // that this may take
}

// content returns the body, its length, its type, and how to read it again.
func (r request) content() (body io.ReadCloser, size int64, contentType string, again func() (io.ReadCloser, error)) {
	switch {
	case r.form != nil:
		body, _ = r.form.open()
		return body, r.form.size(), r.form.contentType, r.form.open
	case r.body != nil:
		again = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		body, _ = again()
		return body, int64(len(r.body)), "application/json", again
	}
	return http.NoBody, 0, "", nil
}

// answer is what agent-api said.
type answer struct {
	status     int
	body       []byte
	header     http.Header
	retryAfter time.Duration
}

// maxAnswer bounds what is read of an answer: whoever answers is not always who was asked.
const maxAnswer = 8 << 20

// do asks and returns any whole answer; an error is of the network, or an answer that did not end.
func (c *client) do(ctx context.Context, r request) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+r.longer)
	defer cancel()
	req, err := c.request(ctx, r)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	sent, shown := c.now(), c.way.own.Load()
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return answer{}, fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	a = answer{status: resp.StatusCode, body: body, header: resp.Header, retryAfter: retryAfter(resp.Header, c.now())}
	c.clock.note(a, sent, c.now())
	if a.status == http.StatusUnauthorized && said(a).code == cert.ErrRefused.Code {
		c.way.hide(shown)
	}
	return a, nil
}

func (c *client) request(ctx context.Context, r request) (*http.Request, error) {
	body, size, contentType, again := r.content()
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength, req.GetBody = size, again
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	for name, value := range map[string]string{"Content-Type": contentType, "Content-Encoding": r.encoding, "X-Idempotency-Token": r.token} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if r.key != "" {
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	if r.form != nil { // a server that has no room says so before it is sent
		req.Header.Set("Expect", "100-continue")
	}
	trace.Inject(ctx, req.Header)
	return req, nil
}

// maxRetryAfter bounds what a server may ask for: a mistyped number must not silence a gateway for a year.
const maxRetryAfter = 10 * time.Minute

// retryAfter reads both forms of the header; 0 if there is none that makes sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		return min(max(time.Duration(min(s, int64(maxRetryAfter/time.Second)))*time.Second, 0), maxRetryAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// refusal is an answer that is not the one hoped for.
type refusal struct {
	status int
	code   string // the fault's code, if it is the product's own answer
	text   string
}

func (r *refusal) Error() string {
	s := fmt.Sprintf("answered %d %s", r.status, http.StatusText(r.status))
	if r.code != "" {
		s += " " + r.code
	}
	if r.text != "" {
		s += ": " + r.text
	}
	return s
}

// said makes an error of an answer that refuses.
func said(a answer) *refusal {
	var envelope struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Field string `json:"field"`
			Code  string `json:"code"`
		} `json:"details"`
	}
	r := &refusal{status: a.status}
	if json.Unmarshal(a.body, &envelope) != nil {
		return r // not ours: a proxy's page, say
	}
	r.code, r.text = envelope.Code, envelope.Message
	for _, d := range envelope.Details[:min(len(envelope.Details), 5)] {
		r.text += fmt.Sprintf(" (%s: %s)", d.Field, d.Code)
	}
	return r
}

// decode reads a JSON answer; what is not JSON of the asked shape is nobody's answer of ours.
func decode[T any](a answer) (v T, err error) {
	if err := json.Unmarshal(a.body, &v); err != nil {
		return v, fmt.Errorf("the answer %d is not agent-api's: %w", a.status, err)
	}
	return v, nil
}
