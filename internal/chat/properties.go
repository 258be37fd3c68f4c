package chat

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Properties is a caller's own data: a JSON object as text, kept as it came.
// The empty value stands for {}.
type Properties string

// JSON gives the object, {} where none was set.
func (p Properties) JSON() string {
	if p == "" {
		return "{}"
	}
	return string(p)
}

// ParseProperties checks that raw is a JSON object within MaxProperties and
// returns it without insignificant white space. Absent and null give the
// empty value.
func ParseProperties(raw json.RawMessage) (Properties, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", nil
	}
	if len(raw) > MaxProperties {
		return "", &Error{TooLarge, "PropertiesTooLargeError", "The properties exceed the limit of 64 KiB.", "properties"}
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil || !utf8.Valid(raw) || out.Len() == 0 || out.Bytes()[0] != '{' {
		return "", Invalidf("properties", "must be a JSON object")
	}
	if out.Len() == 2 {
		return "", nil
	}
	return Properties(out.String()), nil
}

// Merge applies patch after RFC 7396 (JSON Merge Patch): objects merge, null
// removes, everything else replaces. A patch that is no object is refused.
func (p Properties) Merge(patch json.RawMessage) (Properties, error) {
	checked, err := ParseProperties(patch)
	if err != nil {
		return "", err
	}
	var target, change map[string]any
	if err := decodeExact([]byte(p.JSON()), &target); err != nil {
		return "", err
	}
	if err := decodeExact([]byte(checked.JSON()), &change); err != nil {
		return "", err
	}
	var merged bytes.Buffer
	e := json.NewEncoder(&merged)
	e.SetEscapeHTML(false) // it would grow what is measured
	if err := e.Encode(mergePatch(target, change)); err != nil {
		return "", err
	}
	return ParseProperties(merged.Bytes())
}

// decodeExact keeps numbers as they were written.
func decodeExact(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// mergePatch is the algorithm of RFC 7396 section 2 for two objects.
func mergePatch(target, patch map[string]any) map[string]any {
	if target == nil {
		target = map[string]any{}
	}
	for name, value := range patch {
		switch v := value.(type) {
		case nil:
			delete(target, name)
		case map[string]any:
			inner, _ := target[name].(map[string]any)
			target[name] = mergePatch(inner, v)
		default:
			target[name] = value
		}
	}
	return target
}

// Contains tells whether the properties hold everything that others do: the
// same members, with objects searched the same way, lists holding all that the
// other's do, in any order, and other values equal. Numbers are compared by
// value.
func (p Properties) Contains(others Properties) bool {
	var have, want any
	if decodeExact([]byte(p.JSON()), &have) != nil || decodeExact([]byte(others.JSON()), &want) != nil {
		return false
	}
	return containsValue(have, want)
}

func containsValue(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		members, ok := have.(map[string]any)
		for name, value := range want {
			found, there := members[name]
			ok = ok && there && containsValue(found, value)
		}
		return ok
	case []any:
		items, ok := have.([]any)
		for _, value := range want {
			ok = ok && slices.ContainsFunc(items, func(item any) bool { return containsValue(item, value) })
		}
		return ok
	case json.Number:
		n, ok := have.(json.Number)
		return ok && (n == want || sameNumber(n, want))
	default:
		return have == want
	}
}

// sameNumber compares 1 and 1.0, which are written differently. What is too
// great or too exact for a float equals only itself.
func sameNumber(a, b json.Number) bool {
	x, err := a.Float64()
	y, err2 := b.Float64()
	return err == nil && err2 == nil && x == y && math.Abs(x) <= 1<<53
}

// Words are the member names and texts that everything which contains the
// properties has in it as they are, unless it has a backslash. They help to
// pass over most of what does not contain them.
func (p Properties) Words() (words []string) {
	var all any
	if decodeExact([]byte(p.JSON()), &all) != nil {
		return nil
	}
	collectWords(all, &words)
	slices.Sort(words)
	return slices.Compact(words)
}

func collectWords(value any, words *[]string) {
	add := func(text string) {
		if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
			*words = append(*words, text)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			add(name)
			collectWords(member, words)
		}
	case []any:
		for _, item := range value {
			collectWords(item, words)
		}
	case string:
		add(value)
	}
}
