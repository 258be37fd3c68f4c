package config

import (
	"fmt"
	"io"
	"strings"
)

// Entry is what there is to know of one setting.
type Entry struct {
	Key      string // as in the file, with a dot between section and name
	Variable string // in the environment
	Default  string // as one would write it; often empty
	Doc      string
}

// Reference lists every setting, in the order in which they are explained.
func Reference() []Entry {
	c := Default()
	var all []Entry
	for _, s := range settings(&c) {
		all = append(all, Entry{Key: s.key, Variable: s.variable(), Default: s.text(), Doc: s.doc})
	}
	return all
}

// WriteReference writes the reference of all settings in Markdown.
func WriteReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made by "purr config docs" (make docs) from internal/config; do not edit. -->

` + "`purr serve`" + ` needs none of this: every setting has a default. To change one, take whichever place suits; a place
further down wins over those above it.

1. A YAML file, named by ` + "`--config FILE` or `" + FileVariable + "`" + `. Settings with a dot stand within their section.
2. An environment variable.
3. A flag: settings without a dot have one of their own, such as ` + "`--public-url`" + `; every other is given by
   ` + "`--set KEY=VALUE`" + `, as often as needed.

Durations are written as ` + "`15s`, `2m`, `12h`" + `, sizes as ` + "`512KiB`, `4MiB`" + `. A value that cannot be is refused at the start, with its
name and the place it was set. ` + "`purr config print`" + ` shows what is in force, and where it came from.

` + "```yaml" + `
listen: 0.0.0.0:8080
public_url: https://chat.example.org
session:
  resume_window: 5m
` + "```" + `

| Setting | Default | Environment variable | What it decides |
|---|---|---|---|
`)
	for _, e := range Reference() {
		value := "(empty)"
		if e.Default != "" {
			value = "`" + e.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", e.Key, value, e.Variable, e.Doc)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Print writes what is in force as a YAML file would say it, with the origin of
// whatever is not the default. Passwords are left out.
func Print(w io.Writer, c Config, origins Origins) error {
	var b strings.Builder
	section := ""
	for _, s := range settings(&c) {
		in, name, nested := strings.Cut(s.key, ".")
		if !nested {
			in, name = "", s.key
		}
		if in != section {
			fmt.Fprintf(&b, "%s:\n", in)
			section = in
		}
		line := fmt.Sprintf("%s: %s", name, quoted(s.shown()))
		if nested {
			line = "  " + line
		}
		if origin, set := origins[s.key]; set {
			line = fmt.Sprintf("%-40s # %s", line, origin)
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted makes a YAML scalar of any text; what is plain stays plain.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("./_-", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 && text[0] != '-' {
		return text
	}
	return fmt.Sprintf("%q", text)
}
