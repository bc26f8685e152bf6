package updater

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/staff-control/staff-control/modules/updater/update"
)

const (
	// maxManifest bounds the answer, maxPackage an archive.
	maxManifest = 64 << 10
	maxPackage  = 256 << 20
)

// ask returns agent-api's answer to which version there is; of the channel's newest if version is empty.
func (u *updater) ask(ctx context.Context, version string) (*http.Response, error) {
	query := url.Values{"channel": {u.cfg.Channel}, "arch": {u.arch}, "from": {plain(u.version)}}
	if version != "" {
		query.Set("version", version)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.cloud.URL()+"/v2/gateway/update-manifest?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	return u.cloud.Client().Do(req)
}

// manifest asks which version there is. What it says is not to be believed before the package's signature is checked.
func (u *updater) manifest(ctx context.Context, version string) (m update.Manifest, err error) {
	ctx, cancel := context.WithTimeout(ctx, u.stall)
	defer cancel()
	res, err := u.ask(ctx, version)
	if err != nil {
		return m, update.ErrDownload.Wrap(err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return m, update.ErrNone
	default:
		return m, update.ErrDownload.Wrap(fmt.Errorf("the manifest: %s", res.Status))
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxManifest+1))
	if err != nil {
		return m, update.ErrDownload.Wrap(err)
	}
	if m, err = parseManifest(text); err != nil {
		return m, err
	}
	if version != "" && m.Version != version || m.Channel != u.cfg.Channel {
		return m, update.ErrMismatch.Wrap(fmt.Errorf("version %s of channel %s was offered", m.Version, m.Channel))
	}
	return m, nil
}

// parseManifest refuses what no server of ours says.
func parseManifest(text []byte) (m update.Manifest, err error) {
	if len(text) > maxManifest {
		return m, update.ErrPackage.Wrap(errors.New("the manifest is too long"))
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, update.ErrPackage.Wrap(fmt.Errorf("read the manifest: %w", err))
	}
	digest, err := hex.DecodeString(m.SHA256)
	switch {
	case !known(m.Version):
		err = fmt.Errorf("version %.80q is none", m.Version)
	case m.MinVersion != "" && !known(m.MinVersion):
		err = fmt.Errorf("minVersion %.80q is none", m.MinVersion)
	case err != nil || len(digest) != 32:
		err = fmt.Errorf("sha256 %.80q is none", m.SHA256)
	case m.Size < 0 || m.Size > maxPackage:
		err = fmt.Errorf("a package of %d bytes", m.Size)
	case m.Signature == "":
		return m, update.ErrSignature.Wrap(errors.New("the manifest brings none"))
	}
	if err != nil {
		return m, update.ErrPackage.Wrap(err)
	}
	m.SHA256 = strings.ToLower(m.SHA256)
	return m, nil
}

// source is the package's address in full. Another place than agent-api must be asked in private: who listens learns
// which machine is about to change.
func (u *updater) source(m update.Manifest) (string, error) {
	base, err := url.Parse(u.cloud.URL() + "/")
	if err != nil {
		return "", err
	}
	ref, err := url.Parse(m.DownloadURL)
	if err != nil || m.DownloadURL == "" {
		return "", update.ErrDownload.Wrap(fmt.Errorf("address %.200q is none", m.DownloadURL))
	}
	// A path from the root means agent-api's own root, which may be below that of its host.
	if strings.HasPrefix(m.DownloadURL, "/") && ref.Host == "" {
		return u.cloud.URL() + m.DownloadURL, nil
	}
	full := base.ResolveReference(ref)
	if full.User != nil || full.Scheme != "https" && (full.Scheme != "http" || full.Host != base.Host) {
		return "", update.ErrDownload.Wrap(fmt.Errorf("address %.200q is not https", full.Redacted()))
	}
	return full.String(), nil
}
