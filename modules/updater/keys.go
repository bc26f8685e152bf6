package updater

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aead.dev/minisign"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// releaseKeys are the public keys of who releases the product, with commas between them. The linker sets it.
var releaseKeys string

// keysName is the file of the keys that signed packages have brought or withdrawn, in the data directory, one a line.
const keysName = "update-keys"

// maxKeys bounds that file. None is dropped to make room: a key that was withdrawn would be trusted again.
const maxKeys = 64

// minus before a key withdraws it: nothing that it has signed is believed, whoever else names it.
const minus = "-"

// keyring is who may sign.
type keyring []minisign.PublicKey

// parseKeys returns the keys of the texts without those that others of them withdraw.
func parseKeys(texts []string) (keyring, error) {
	var ring, withdrawn keyring
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		var key minisign.PublicKey
		name, gone := strings.CutPrefix(text, minus)
		if err := key.UnmarshalText([]byte(name)); err != nil {
			return nil, fmt.Errorf("key %.80q: %w", text, err)
		}
		if gone {
			withdrawn = append(withdrawn, key)
			continue
		}
		ring = append(ring, key)
	}
	return slices.DeleteFunc(ring, func(k minisign.PublicKey) bool {
		return slices.ContainsFunc(withdrawn, func(w minisign.PublicKey) bool { return k.Equal(w) })
	}), nil
}

// loadKeys returns who may sign now.
func loadKeys(settings []string, data string) (keyring, error) {
	brought, err := broughtKeys(data)
	if err != nil {
		return nil, err
	}
	return trusted(settings, brought)
}

// trusted are the product's keys, those of the settings, and those that packages have brought.
func trusted(settings, brought []string) (keyring, error) {
	return parseKeys(slices.Concat(strings.Split(releaseKeys, ","), settings, brought))
}

func broughtKeys(data string) (lines []string, err error) {
	text, err := os.ReadFile(filepath.Join(data, keysName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the keys of updates: %w", err)
	}
	return strings.Fields(string(text)), nil
}

// withKeys returns the lines with a key that is brought and one that is withdrawn; either may be empty.
func withKeys(had []string, brings, withdraws string) []string {
	lines := slices.Clone(had)
	if brings != "" && !slices.Contains(lines, brings) {
		lines = append(lines, brings)
	}
	if withdraws != "" && !slices.Contains(lines, minus+withdraws) {
		lines = append(lines, minus+withdraws)
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == withdraws })
}

// keepKeys has later packages be verified with these, too.
func keepKeys(data string, lines []string) error {
	return replace(filepath.Join(data, keysName), 0o600, func(f *os.File) error {
		_, err := f.WriteString(strings.Join(lines, "\n") + "\n")
		return err
	})
}

// seal is a signature, and what its trusted comment says of the package.
type seal struct {
	text      []byte
	keyID     uint64
	values    map[string]string
	signedFor string
}

// product is what the trusted comment calls us, so that what the same key signed for other purposes is no package.
const product = "staff-control-gateway"

// maxSignature bounds a .minisig file.
const maxSignature = 8 << 10

// readSeal reads a .minisig file. Nothing in it is to be believed before verify.
func readSeal(text []byte) (s seal, err error) {
	var sig minisign.Signature
	if len(text) > maxSignature {
		return s, update.ErrSignature.Wrap(errors.New("the signature is too long"))
	}
	if err := sig.UnmarshalText(text); err != nil {
		return s, update.ErrSignature.Wrap(err)
	}
	if sig.Algorithm != minisign.HashEdDSA {
		return s, update.ErrSignature.Wrap(errors.New("the signature is of the legacy kind, which is not prehashed"))
	}
	s = seal{text: text, keyID: sig.KeyID, values: map[string]string{}, signedFor: sig.TrustedComment}
	for _, field := range strings.Fields(sig.TrustedComment) {
		key, value, _ := strings.Cut(field, "=")
		if _, twice := s.values[key]; twice {
			return seal{}, update.ErrSignature.Wrap(fmt.Errorf("the trusted comment says %s twice", key))
		}
		s.values[key] = value
	}
	if s.values["product"] != product {
		return seal{}, update.ErrMismatch.Wrap(fmt.Errorf("signed for %q", s.signedFor))
	}
	return s, nil
}

// is compares what the package was signed for with what it is wanted for.
func (s seal) is(version, channel, arch string) error {
	if plain(s.values["version"]) != plain(version) || s.values["channel"] != channel || s.values["arch"] != arch {
		return update.ErrMismatch.Wrap(fmt.Errorf("signed for %q, wanted for version=%s channel=%s arch=%s", s.signedFor, version, channel, arch))
	}
	return nil
}

// verify reads the archive to its end and checks its digest, if one is given, and its signature.
func (s seal) verify(archive io.Reader, digest string, ring keyring) error {
	at := slices.IndexFunc(ring, func(k minisign.PublicKey) bool { return k.ID() == s.keyID })
	if at < 0 {
		return update.ErrSignature.Wrap(fmt.Errorf("signed with the key %X, which is not trusted", s.keyID))
	}
	sum := sha256.New()
	read := minisign.NewReader(io.TeeReader(archive, sum))
	if _, err := io.Copy(io.Discard, read); err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); digest != "" && !strings.EqualFold(got, digest) {
		return update.ErrDigest.Wrap(fmt.Errorf("SHA-256 is %s, not %s", got, digest))
	}
	for _, key := range ring { // key ids are no secrets: two keys may have the same
		if key.ID() == s.keyID && read.Verify(key, s.text) {
			return nil
		}
	}
	return update.ErrSignature
}
