package chat

import (
	"bytes"
	"encoding/json"
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
