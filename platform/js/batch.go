package js

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/staff-control/staff-control/platform/fault"
)

// IsObject reports whether raw begins as an object does.
func IsObject(raw json.RawMessage) bool { return bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) }

// List reads the list of a batch, which must be there; name is the member's.
func List(name string, raw json.RawMessage) (items []json.RawMessage, err error) {
	var f fault.Fields
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		f.Add(name, "required", nil)
	} else if json.Unmarshal(raw, &items) != nil {
		f.Add(name, "not_a_list", nil)
	}
	return items, f.Err()
}

// Picture is what is kept of a picture in base64, or as a data URL: its size and its sum.
type Picture struct {
	Size   int64
	SHA256 string
}

// ParsePicture reads a picture; what is none is measured as it stands.
func ParsePicture(raw json.RawMessage) Picture {
	content := []byte(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		content = []byte(text)
		if plain, err := base64.StdEncoding.DecodeString(text[strings.IndexByte(text, ',')+1:]); err == nil { // a data URL has a comma
			content = plain
		}
	}
	sum := sha256.Sum256(content)
	return Picture{int64(len(content)), hex.EncodeToString(sum[:])}
}

// JSON stands where the picture stood.
func (p Picture) JSON() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"size":%d,"sha256":%q}`, p.Size, p.SHA256))
}
