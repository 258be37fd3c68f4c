package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const environmentPrefix = "PURR_"

// FileVariable names the environment variable that names the file, for those
// who cannot give a flag.
const FileVariable = environmentPrefix + "CONFIG"

// Input is where values come from beside the defaults.
type Input struct {
	File        string            // a YAML file; empty for none
	Environment []string          // "NAME=value" as of os.Environ; names of no setting are not ours and ignored
	Flags       map[string]string // by key, such as "session.resume_window"
}

// Origins tells by key where a value was set, in words for an error message. A
// key that is not in it has its default.
type Origins map[string]string

// Load puts the sources one over the other and checks the result. The error
// names every setting that is wrong, and where it was set.
func Load(in Input) (Config, Origins, error) {
	c := Default()
	l := loader{settings: settings(&c), origins: Origins{}}
	if in.File != "" {
		l.file(in.File)
	}
	l.environment(in.Environment)
	l.flags(in.Flags)
	if len(l.errs) == 0 {
		l.errs = l.validate(c)
	}
	if err := errors.Join(l.errs...); err != nil {
		return Config{}, nil, err
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c, l.origins, nil
}

type loader struct {
	settings []setting
	origins  Origins
	errs     []error
}

func (l *loader) set(s setting, text, origin string) {
	if err := s.set(text); err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s: %w (set by %s)", s.key, err, origin))
		return
	}
	l.origins[s.key] = origin
}

func (l *loader) find(key string) (setting, bool) {
	i := slices.IndexFunc(l.settings, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return l.settings[i], true
}

func (l *loader) environment(environment []string) {
	values := map[string]string{}
	for _, line := range environment {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	for _, s := range l.settings {
		if value, given := values[s.variable()]; given {
			l.set(s, value, "the environment variable "+s.variable())
		}
	}
}

func (l *loader) flags(flags map[string]string) {
	for _, s := range l.settings {
		if value, given := flags[s.key]; given {
			l.set(s, value, "a flag")
		}
	}
	for key := range flags {
		if _, known := l.find(key); !known {
			l.errs = append(l.errs, fmt.Errorf("%s: there is no such setting (given by a flag)", key))
		}
	}
}

func (l *loader) file(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("read the configuration: %w", err))
		return
	}
	var document yaml.Node
	err = yaml.NewDecoder(bytes.NewReader(raw)).Decode(&document)
	if errors.Is(err, io.EOF) {
		return // an empty file, or one of comments only, decides nothing
	}
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s: %w", path, err))
		return
	}
	l.node(path, "", document.Content[0])
}

// node goes through one level of the file. It works on the nodes of the YAML
// rather than decoding them, because those know their lines.
func (l *loader) node(path, prefix string, node *yaml.Node) {
	at := func(n *yaml.Node) string { return fmt.Sprintf("%s line %d", path, n.Line) }
	if node.Kind != yaml.MappingNode {
		l.errs = append(l.errs, fmt.Errorf("%s: want names with values here", at(node)))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		s, isSetting := l.find(key)
		switch {
		case isSetting && value.Kind == yaml.ScalarNode:
			l.set(s, scalar(value), at(name))
		case isSetting:
			l.errs = append(l.errs, fmt.Errorf("%s: want a single value (set by %s)", key, at(name)))
		case l.isSection(key):
			l.node(path, key+".", value)
		default:
			l.errs = append(l.errs, fmt.Errorf("%s: there is no such setting (%s)", key, at(name)))
		}
	}
}

// scalar takes "key:" and "key: null" for the empty value.
func scalar(n *yaml.Node) string {
	if n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func (l *loader) isSection(key string) bool {
	return slices.ContainsFunc(l.settings, func(s setting) bool { return strings.HasPrefix(s.key, key+".") })
}
