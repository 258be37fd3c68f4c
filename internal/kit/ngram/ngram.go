// Package ngram makes the terms by which a search engine that knows no language
// finds any part of a text, whatever its script: three characters each, one at
// every place of a word.
//
// A text contains another one exactly when [Contains] says so; [Terms] and
// [Query] narrow down which texts can, by an index.
//
// All functions are pure.
package ngram

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// size is how many characters a term has.
const size = 3

// Fold is the form in which texts are compared: without regard to case, to how
// a character is composed or how wide it is (NFKC), to how an emoji is to be
// drawn, and to how much white space there is between words.
func Fold(text string) string {
	folded := strings.ToLower(norm.NFKC.String(text))
	folded = strings.Map(func(r rune) rune {
		switch r {
		case 'ς': // the sigma at the end of a word
			return 'σ'
		case '\ufe0e', '\ufe0f': // drawn as text, drawn as an emoji
			return -1
		}
		return r
	}, norm.NFC.String(folded))
	return strings.Join(strings.Fields(folded), " ")
}

// Contains tells whether a text contains a query, which has been folded.
func Contains(text, folded string) bool { return strings.Contains(Fold(text), folded) }

// Terms are what an index keeps of a text: at each place of a word the next
// three characters, or those that are left of it. They are letters and digits
// of ASCII. all is false where there would be more than limit of them: then
// they are not enough to find the text by.
func Terms(text string, limit int) (terms []string, all bool) {
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(Fold(text)) {
		runes := []rune(word)
		for i := range runes {
			term := encode(runes[i:min(i+size, len(runes))])
			if seen[term] {
				continue
			}
			if len(terms) == limit {
				return nil, false
			}
			seen[term] = true
			terms = append(terms, term)
		}
	}
	return terms, true
}

// maxQuery bounds the terms of a query; more would hardly narrow it down.
const maxQuery = 12

// Query gives what a text's terms must have to contain a folded query: whole
// terms, each of them, and, for words that are shorter than a term, beginnings
// of terms. Both are empty where there is nothing to search for.
func Query(folded string) (terms, beginnings []string) {
	for word := range strings.FieldsSeq(folded) {
		runes := []rune(word)
		if len(runes) < size {
			beginnings = append(beginnings, encode(runes))
			continue
		}
		for i := 0; i+size <= len(runes); i++ {
			terms = append(terms, encode(runes[i:i+size]))
		}
	}
	if len(terms) == 0 {
		return nil, beginnings[:min(len(beginnings), maxQuery)]
	}
	if len(terms) > maxQuery { // spread over all of it
		some := make([]string, maxQuery)
		for i := range some {
			some[i] = terms[i*len(terms)/maxQuery]
		}
		terms = some
	}
	return terms, nil // the rest hardly narrows it down
}

// digits are those of a character in a term: four of them reach beyond the last
// code point, and of the same number each, so that the beginning of a term is
// that of its characters.
const (
	digits  = "0123456789abcdefghijklmnopqrstuvwxyz"
	perRune = 4
)

func encode(runes []rune) string {
	var b strings.Builder
	b.Grow(len(runes) * perRune)
	for _, r := range runes {
		if r < 0 || r > unicode.MaxRune {
			r = unicode.ReplacementChar
		}
		for place := 36 * 36 * 36; place > 0; place /= 36 {
			b.WriteByte(digits[int(r)/place%36])
		}
	}
	return b.String()
}
