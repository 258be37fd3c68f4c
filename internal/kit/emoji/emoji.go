// Package emoji is a catalogue of emoji: their characters, descriptions,
// aliases and tags.
//
// The data are those of emojibase-data (MIT License, Copyright (c) 2017-2019
// Miles Johnson), version 17.0.0, with the shortcodes of GitHub and of
// Emojibase as aliases; generate.mjs made emoji.tsv of them.
package emoji

import (
	_ "embed" // for the data
	"strings"
	"sync"
)

// Emoji is one emoji. It is shared and must not be changed.
type Emoji struct {
	// Character is the emoji itself, without a skin tone, in the form that
	// is shown in colour.
	Character   string
	Description string
	// Aliases are names without colons, such as "+1". There is at least one,
	// and no other emoji has any of them.
	Aliases []string
	Tags    []string
}

//go:embed emoji.tsv
var data string

// catalogue is read when somebody first asks for an emoji.
var catalogue = sync.OnceValue(func() map[string]*Emoji { //nolint:gochecknoglobals // a constant table
	found := map[string]*Emoji{}
	for line := range strings.Lines(data) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		e := &Emoji{Character: fields[0], Description: fields[1], Aliases: strings.Split(fields[2], ",")}
		if fields[3] != "" {
			e.Tags = strings.Split(fields[3], ",")
		}
		found[bare(e.Character)] = e
		for _, alias := range e.Aliases {
			found[":"+alias] = e
		}
	}
	return found
})

// Find finds the emoji that a text names: by its character, with or without a
// variation selector and whatever its skin tone, or by an alias, with or
// without colons around it. It gives nil where there is no such emoji.
func Find(text string) *Emoji {
	all := catalogue()
	if e := all[":"+strings.TrimSuffix(strings.TrimPrefix(text, ":"), ":")]; e != nil {
		return e
	}
	if strings.HasPrefix(text, ":") {
		return nil
	}
	return all[bare(text)]
}

const (
	emojiStyle, textStyle = '\uFE0F', '\uFE0E'
	firstTone, lastTone   = '\U0001F3FB', '\U0001F3FF'
)

// bare is a character without what only changes its look. A tone that stands
// alone is an emoji itself.
func bare(character string) string {
	drop := func(also func(rune) bool) string {
		return strings.Map(func(r rune) rune {
			if r == emojiStyle || r == textStyle || also(r) {
				return -1
			}
			return r
		}, character)
	}
	toneless := drop(func(r rune) bool { return r >= firstTone && r <= lastTone })
	if toneless == "" {
		return drop(func(rune) bool { return false })
	}
	return toneless
}
