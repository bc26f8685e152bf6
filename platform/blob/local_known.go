package blob

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
)

// types are those that a name says. What is stored under such a name, as its type and without metadata, is one file on
// the disk and not two.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".webp":
		return "image/webp"
	case ".csv":
		return "text/csv"
	case ".zst":
		return "application/zstd"
	}
	return anyType
}

// knowledge is what is known of a file that its name does not say.
type knowledge struct {
	ContentType string            `json:"contentType"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// tell writes down what is known of a file, before the file has its name: whoever sees the file sees that.
func (l *local) tell(name string, o Options) error {
	k := knowledge{o.ContentType, o.Metadata}
	if k.ContentType == "" {
		k.ContentType = anyType
	}
	if k.ContentType == typeOf(name) && len(k.Metadata) == 0 {
		return l.remove(path.Join(known, name))
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	aside, err := l.write(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if err := l.name(aside, path.Join(known, name)); err != nil {
		return errors.Join(asPath(err), l.root.Remove(aside))
	}
	return nil
}

// recall reads what is known of a file.
func (l *local) recall(o *Object) error {
	text, err := l.root.ReadFile(path.Join(known, o.Path))
	if errors.Is(missing(err), ErrNotFound) {
		return nil
	}
	var k knowledge
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		return fmt.Errorf("what is known of a file: %w", err)
	}
	o.ContentType, o.Metadata = k.ContentType, maps.Clone(k.Metadata)
	return nil
}
