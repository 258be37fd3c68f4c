package sockjs

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte(`["a","\u00e9\ud83d\ude00\ud83d",""]`))
	f.Add([]byte(` "a\n" `))
	f.Add([]byte(`["a`))
	f.Add([]byte(`["a",[null]]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var want []string
		var single string
		valid := utf8.Valid(data)
		switch trimmed := strings.Trim(string(data), " \t\r\n"); {
		case trimmed == "":
		case strings.HasPrefix(trimmed, `"`):
			valid = valid && json.Unmarshal(data, &single) == nil
			want = []string{single}
		default:
			// Package json takes null for a string, we do not.
			valid = valid && strings.HasPrefix(trimmed, "[") && json.Unmarshal(data, &want) == nil &&
				!bytes.Contains(data, []byte("null"))
		}
		got, err := decodeFrame(bytes.Clone(data))
		if err != nil && valid {
			t.Fatalf("%q: %v", data, err)
		}
		if err != nil || !valid {
			return // "null" may also be part of a string
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %q, want %q", data, got, want)
		}
		for i := range got {
			if diff := cmp.Diff(want[i], string(got[i])); diff != "" {
				t.Fatalf("%q: %s", data, diff)
			}
		}
	})
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add([]byte("a\"\\\x00\u2028\U0001F600\xff\ufffe"))
	f.Fuzz(func(t *testing.T, data []byte) {
		quoted := appendQuoted(nil, data)
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Fatalf("%q: %v", quoted, err)
		}
		if want := strings.ToValidUTF8(string(data), ""); strings.ToValidUTF8(strings.ReplaceAll(got, "\ufffd", ""), "") !=
			strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("%q comes back as %q", data, got)
		}
		for _, r := range string(quoted[1 : len(quoted)-1]) {
			if mustEscape(r) && r != '"' && r != '\\' {
				t.Fatalf("%U is not escaped in %q", r, quoted)
			}
		}
	})
}

func BenchmarkAppendQuoted(b *testing.B) {
	message := []byte("MESSAGE\ndestination:/topic/v1/channels/1.messages\n\n{\"type\":\"a\",\"resource\":{\"id\":1}}\x00")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = appendQuoted(dst[:0], message)
	}
}
