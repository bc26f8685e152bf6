package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"image/color"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
)

const (
	// totpStep and totpDigits are what all authenticator apps know.
	totpStep   = 30
	totpDigits = 1_000_000
	// totpSecret is the size of a secret in bytes, RFC 4226's advice.
	totpSecret = 20
	// totpSkew is how many steps the clock of a telephone may be off.
	totpSkew = 1
	// issuer is what the app writes above its codes.
	issuer = "Staff Control"
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret) // it never fails
	return secret
}

func stepAt(t time.Time) int64 { return t.Unix() / totpStep }

// totp is the code of a step, RFC 6238 with SHA-1 and six digits.
func totp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes all
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%totpDigits)
}

// matchTOTP returns the step that a code is of, if it is one of about now.
func matchTOTP(secret []byte, code string, now time.Time) (step int64, ok bool) {
	for step := stepAt(now) - totpSkew; step <= stepAt(now)+totpSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(totp(secret, step)), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// secretText is how a person types a secret.
func secretText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// totpURL is how an app reads a secret from a QR code.
func totpURL(secret []byte, username string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + username}
	return u.String() + "?secret=" + secretText(secret) + "&issuer=" + url.PathEscape(issuer)
}

// qrDots is a text as a QR code, drawn by whoever shows it: of each row its dots from the left, 1 is dark.
func qrDots(text string) ([]string, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	var rows []string
	for y := range code.Bounds().Dy() {
		row := make([]byte, code.Bounds().Dx())
		for x := range row {
			row[x] = '0'
			if code.At(x, y) == color.Black {
				row[x] = '1'
			}
		}
		rows = append(rows, string(row))
	}
	return rows, nil
}

const (
	recoveryCodes = 10
	// recoverySize is how many characters a recovery code has, of 5 bits each: they cannot be guessed, so a fast hash does.
	recoverySize = 16
)

func newRecoveryCodes() (codes []string) {
	for range recoveryCodes {
		c := rand.Text()[:recoverySize]
		codes = append(codes, c[:4]+"-"+c[4:8]+"-"+c[8:12]+"-"+c[12:])
	}
	return codes
}

// plainCode is a code as it is compared: people write spaces, lines and small letters.
func plainCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
}
