package ngram_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/ngram"
)

// found tells whether an index would find the text.
func found(text, query string) bool {
	terms, all := ngram.Terms(text, 1<<20)
	whole, beginnings := ngram.Query(ngram.Fold(query))
	for _, t := range whole {
		if !slices.Contains(terms, t) {
			return false
		}
	}
	for _, b := range beginnings {
		if !slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, b) }) {
			return false
		}
	}
	return all
}

func TestWhatIsContained(t *testing.T) {
	t.Parallel()
	for text, queries := range map[string][]string{
		"Hello, World!":                                  {"hello", "WORLD", "lo, wo", "o", "!", "ld!", "hello,  world!"},
		"Grüße aus MÜNCHEN":                              {"münchen", "grüße", "mu\u0308nchen", "üß"},
		"我爱北京天安门":                                        {"北京", "京", "爱北京天", "我爱北京天安门"},
		"東京タワーに行きました":                                    {"タワー", "東京", "行き", "ﾀﾜｰ"},
		"สวัสดีชาวโลก":                                   {"ชาวโลก", "สวัส", "โลก"},
		"안녕하세요 세계":                                       {"안녕", "하세", "세계"},
		"party 🎉👩‍👩‍👧❤️ tonight":                         {"🎉", "❤", "❤️", "👩‍👩‍👧", "🎉👩", "ty 🎉"},
		"100%_sure \\ 'quoted' \"x\" AND NOT OR near(a)": {"%_s", "\\", "'quoted'", "\"x\"", "and not", "near("},
		"Ὀδυσσεύς":                                       {"ὀδυσσεύς", "ΣΣΕΎΣ", "σεύσ"},
		"ＦＵＬＬ width":                                     {"full", "ｗｉｄｔｈ"},
		"a\n\tb":                                         {"a b", "a"},
	} {
		for _, q := range queries {
			if !ngram.Contains(text, ngram.Fold(q)) {
				t.Errorf("%q does not contain %q", text, q)
			}
			if !found(text, q) {
				t.Errorf("%q is not found in %q by its terms", q, text)
			}
		}
	}
	for text, query := range map[string]string{"hello": "hallo", "a%b": "a_b", "北京": "京北", "abc": "abcd", "one two": "onetwo"} {
		if ngram.Contains(text, ngram.Fold(query)) {
			t.Errorf("%q contains %q", text, query)
		}
	}
}

func TestTheNumberOfTermsIsBounded(t *testing.T) {
	t.Parallel()
	if terms, all := ngram.Terms("abcdef", 5); all || terms != nil {
		t.Errorf("%q", terms)
	}
	if whole, _ := ngram.Query(strings.Repeat("abcdefghijk ", 1000)); len(whole) > 12 {
		t.Errorf("%d terms in a query", len(whole))
	}
	if whole, beginnings := ngram.Query(ngram.Fold(" \n ")); len(whole)+len(beginnings) != 0 {
		t.Errorf("nothing is searched by %q %q", whole, beginnings)
	}
}

func FuzzTerms(f *testing.F) {
	f.Add("Grüße 北京 🎉", 3, 9)
	f.Add("İstanbul ﬁ ǆ", 0, 5)
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		if from < 0 || to < from || to > len(text) {
			return
		}
		query := text[from:to]
		folded := ngram.Fold(query)
		if folded != "" && ngram.Contains(text, folded) && !found(text, query) {
			t.Errorf("%q is not found in %q", query, text)
		}
	})
}
