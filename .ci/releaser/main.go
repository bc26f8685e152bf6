// Command releaser does for .ci/release what Debian has no tool for: minisign's keys and signatures, and the list of
// what a program is made of.
//
//	releaser key DIR                                    DIR/minisign.key, without a password, and DIR/minisign.pub
//	releaser sign [--password FILE] KEY COMMENT FILE…   FILE.minisig, prehashed, with the trusted COMMENT; the public
//	                                                    key stands beside KEY: x.pub beside x.key
//	releaser sbom VERSION PROGRAM PACKAGE-LOCK          prints CycloneDX JSON
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "releaser:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: releaser key DIR | sign [--password FILE] KEY COMMENT FILE… | sbom VERSION PROGRAM PACKAGE-LOCK")

func run(args []string, out io.Writer) error {
	password := ""
	if len(args) > 2 && args[0] == "sign" && args[1] == "--password" {
		text, err := os.ReadFile(args[2])
		if err != nil {
			return err
		}
		password, args = strings.TrimRight(string(text), "\r\n"), append(args[:1], args[3:]...)
	}
	switch {
	case len(args) == 2 && args[0] == "key":
		return makeKey(args[1])
	case len(args) > 3 && args[0] == "sign":
		return sign(args[1], password, args[2], args[3:])
	case len(args) == 4 && args[0] == "sbom":
		return sbom(args[1], args[2], args[3], out)
	}
	return errUsage
}

func makeKey(dir string) error {
	pub, key, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	secret, err := key.MarshalText()
	if err != nil {
		return err
	}
	text, err := pub.MarshalText()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "minisign.key"), secret, 0o600),
		os.WriteFile(filepath.Join(dir, "minisign.pub"), append(text, '\n'), 0o644),
	)
}

// readKey reads a key of `minisign -G`, with a password or without.
func readKey(file, password string) (key minisign.PrivateKey, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return key, err
	}
	if minisign.IsEncrypted(text) {
		return minisign.DecryptKey(password, text)
	}
	return key, key.UnmarshalText(text)
}

func sign(keyFile, password, comment string, files []string) error {
	if strings.ContainsAny(comment, "\r\n") {
		return errors.New("the trusted comment is one line")
	}
	key, err := readKey(keyFile, password)
	if err != nil {
		return fmt.Errorf("read %s: %w", keyFile, err)
	}
	pub, err := minisign.PublicKeyFromFile(strings.TrimSuffix(keyFile, ".key") + ".pub")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := signFile(key, pub, comment, file); err != nil {
			return err
		}
	}
	return nil
}

// signFile signs one file. A public key that is another's would make a release that no gateway takes.
func signFile(key minisign.PrivateKey, pub minisign.PublicKey, comment, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := minisign.NewReader(f)
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	signature := r.SignWithComments(key, comment, "signature of "+filepath.Base(file))
	if !r.Verify(pub, signature) {
		return errors.New("the public key is not that of the secret one")
	}
	return os.WriteFile(file+".minisig", append(signature, '\n'), 0o644)
}
