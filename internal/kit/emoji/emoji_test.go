package emoji_test

import (
	"testing"

	"github.com/purrchat/purr/internal/kit/emoji"
)

func TestAnEmojiHasManyNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, character, alias string }{
		{"👍", "👍", "+1"}, {"+1", "👍", "+1"}, {":+1:", "👍", "+1"}, {"thumbsup", "👍", "+1"},
		{"👍🏽", "👍", "+1"}, {"👍\uFE0F", "👍", "+1"}, {":thumbsup:", "👍", "+1"},
		{"❤", "❤️", "heart"}, {"❤️", "❤️", "heart"}, {":heart:", "❤️", "heart"},
		{"👩‍💻", "👩‍💻", "woman_technologist"}, {"👩🏾‍💻", "👩‍💻", "woman_technologist"},
		{"🇩🇪", "🇩🇪", "de"}, {"🏽", "🏽", "tone3"}, {"1️⃣", "1️⃣", "one"},
	} {
		e := emoji.Find(c.text)
		if e == nil || e.Character != c.character || e.Aliases[0] != c.alias || e.Description == "" {
			t.Errorf("%q: %+v, want %s %s", c.text, e, c.character, c.alias)
		}
	}
}

func TestOtherTextsAreNoEmoji(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ":", "::", "no such emoji", ":👍", "👍👍", "A", "\uFE0F", "\xff"} {
		if e := emoji.Find(text); e != nil {
			t.Errorf("%q is %+v", text, e)
		}
	}
}

func TestWhatAnEmojiIsCalledFindsIt(t *testing.T) {
	t.Parallel()
	n := 0
	for _, e := range emoji.All() {
		n++
		for _, name := range append([]string{e.Character}, e.Aliases...) {
			if found := emoji.Find(name); found != e {
				t.Errorf("%q of %s finds %+v", name, e.Character, found)
			}
		}
	}
	if n < 1800 {
		t.Errorf("there are %d emoji", n)
	}
}
