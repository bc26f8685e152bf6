package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// yamlTexts is koanf's parser of files. It leaves every scalar as the text it was, so that a
// token of digits keeps its zeros and a setting reads the same from a file as from a variable.
type yamlTexts struct{}

// Unmarshal reads one YAML document.
func (yamlTexts) Unmarshal(data []byte) (map[string]any, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return map[string]any{}, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("yaml: more than one document")
	}
	v, err := plain(doc.Content[0])
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	}
	return nil, errors.New("yaml: line 1: not a section of settings")
}

// Marshal is not needed: Example writes YAML with comments.
func (yamlTexts) Marshal(map[string]any) ([]byte, error) {
	return nil, errors.New("yaml: settings are written by Example")
}

func plain(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		return n.Value, nil
	case yaml.MappingNode:
		return plainMap(n)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := plain(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return nil, fmt.Errorf("yaml: line %d: anchors are not read in settings", n.Line)
}

func plainMap(n *yaml.Node) (map[string]any, error) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, fmt.Errorf("yaml: line %d: a setting's name must be a text", key.Line)
		}
		if _, twice := m[key.Value]; twice {
			return nil, fmt.Errorf("yaml: line %d: %s stands twice in its section", key.Line, key.Value)
		}
		v, err := plain(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m[key.Value] = v
	}
	return m, nil
}
