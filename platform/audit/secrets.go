package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const hidden = "[secret]"

// secretWords make a field secret wherever they stand in its name, which is compared without case, _ and -.
var secretWords = [...]string{
	"password", "passwd", "passphrase", "parol", "secret", "token", "apikey", "privatekey", "keyhash", "credential", "authorization", "cookie",
}

// joined leaves out what parts the words of a name.
var joined = strings.NewReplacer("_", "", "-", "")

// withoutSecrets returns v as JSON in which secret fields are hidden; nil for nil. People's data stays: who
// may read the audit has to see what was changed.
func withoutSecrets(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return json.Marshal(hide(plain))
}

func hide(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if field != nil && secret(name) {
				v[name] = hidden
				continue
			}
			v[name] = hide(field)
		}
	case []any:
		for i := range v {
			v[i] = hide(v[i])
		}
	}
	return v
}

func secret(name string) bool {
	name = joined.Replace(strings.ToLower(name))
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}
