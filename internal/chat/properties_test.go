package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

func TestParseProperties(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw  string
		want string
		code chat.Code
	}{
		{``, `{}`, ""},
		{`null`, `{}`, ""},
		{`{}`, `{}`, ""},
		{" {\n } ", `{}`, ""},
		{`{ "b" : 1.50, "a" : [ 1e3 ] }`, `{"b":1.50,"a":[1e3]}`, ""},
		{`{"a":"\u0000 <b> ü"}`, `{"a":"\u0000 <b> ü"}`, ""},
		{`[]`, "", chat.Invalid},
		{`"x"`, "", chat.Invalid},
		{`7`, "", chat.Invalid},
		{`{"a":}`, "", chat.Invalid},
		{`{} {}`, "", chat.Invalid},
		{"{\"a\":\"\x00\"}", "", chat.Invalid},
		{"{\"a\":\"\xff\"}", "", chat.Invalid},
		{`{"a":"` + strings.Repeat("x", chat.MaxProperties-8) + `"}`, `{"a":"` + strings.Repeat("x", chat.MaxProperties-8) + `"}`, ""},
		{`{"a":"` + strings.Repeat("x", chat.MaxProperties-7) + `"}`, "", chat.TooLarge},
	} {
		p, err := chat.ParseProperties(json.RawMessage(c.raw))
		switch {
		case c.code != "":
			if err == nil || chat.CodeOf(err) != c.code {
				t.Errorf("%.40q: %v, want %s", c.raw, err, c.code)
			}
		case err != nil || p.JSON() != c.want:
			t.Errorf("%.40q: %.40q %v", c.raw, p, err)
		}
	}
}

// TestMerge has the cases of RFC 7396 appendix A, as far as objects go, and
// what is refused instead of the others.
func TestMerge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":"b"}`, `["c"]`, "refused"},
		{`{"a":"foo"}`, `"bar"`, "refused"},
		// Ours: an absent patch changes nothing, also when it is spelled out.
		{`{"a":"foo"}`, `null`, `{"a":"foo"}`},
		{`{"a":"foo"}`, ``, `{"a":"foo"}`},
		{``, `{"a":1}`, `{"a":1}`},
		{``, `{"a":null}`, `{}`},
		// Numbers and texts stay what they are.
		{`{"a":12345678901234567890.5}`, `{"b":"<&> "}`, `{"a":12345678901234567890.5,"b":"<&> "}`},
	} {
		p, err := chat.Properties(c.target).Merge(json.RawMessage(c.patch))
		got := p.JSON()
		if err != nil {
			got = "refused"
		}
		if got != c.want {
			t.Errorf("%s with %s: %s, want %s", c.target, c.patch, got, c.want)
		}
	}
}

func TestAMergeMayNotGrowTooLarge(t *testing.T) {
	t.Parallel()
	half := strings.Repeat("x", chat.MaxProperties/2)
	p, err := chat.Properties("").Merge(json.RawMessage(`{"a":"` + half + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Merge(json.RawMessage(`{"b":"` + half + `"}`)); chat.CodeOf(err) != chat.TooLarge {
		t.Errorf("two halves: %v", err)
	}
	if _, err = p.Merge(json.RawMessage(`{"a":"` + half + `"}`)); err != nil {
		t.Errorf("the same half: %v", err)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[]}}`)
	f.Add(``, `{"a":"\ud800"}`)
	f.Fuzz(func(t *testing.T, target, patch string) {
		p, err := chat.ParseProperties(json.RawMessage(target))
		if err != nil {
			return
		}
		merged, err := p.Merge(json.RawMessage(patch))
		if err != nil {
			return
		}
		again, err := merged.Merge(json.RawMessage(patch))
		if err != nil || again != merged {
			t.Errorf("merging again: %q then %q, %v", merged, again, err)
		}
	})
}
