package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/emoji"
)

// entities appends what was found in a message's body.
func (s Style) entities(dst []byte, m *chat.Message) []byte {
	dst = append(dst, `,"links":[`...)
	for i, l := range m.Links {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"source":`...)
		dst = AppendString(dst, l.Text)
		dst = s.span(dst, l.Span)
		if l.Preview != nil {
			dst = s.preview(dst, l.Preview)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, `],"mentions":[`...)
	for i := range m.Mentions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.mention(dst, m, &m.Mentions[i])
	}
	return append(dst, ']')
}

// preview appends what a linked page says about itself.
func (s Style) preview(dst []byte, p *chat.LinkPreview) []byte {
	dst = append(dst, `,"preview":{"url":`...)
	dst = AppendString(dst, p.URL)
	dst = append(dst, `,"title":`...)
	dst = AppendString(dst, p.Title)
	dst = append(dst, `,"image":{"source":`...)
	dst = append(AppendString(dst, p.Image), '}')
	if p.Description != "" {
		dst = append(dst, `,"description":`...)
		dst = AppendString(dst, p.Description)
	}
	if p.SiteName != "" {
		dst = s.name(dst, siteName)
		dst = AppendString(dst, p.SiteName)
	}
	return append(dst, '}')
}

func (s Style) mention(dst []byte, m *chat.Message, x *chat.Mention) []byte {
	if x.User != nil {
		dst = append(dst, `{"type":"USER","tag":`...)
		dst = AppendString(dst, x.Text)
		dst = s.span(dst, x.Span)
		dst = append(dst, `,"user":`...)
		return append(s.inner().User(dst, x.User), '}')
	}
	dst = append(dst, `{"type":"CHANNEL","tag":`...)
	dst = AppendString(dst, x.Text)
	dst = s.span(dst, x.Span)
	dst = append(dst, `,"channel":`...)
	dst = s.inner().Channel(dst, &chat.View{Channel: *x.Channel})
	if m.User != nil && s.Links == Client {
		// Some pages read every mention as if it had a user.
		dst = append(dst, `,"user":`...)
		dst = s.User(dst, m.User)
	}
	return append(dst, '}')
}

func (s Style) span(dst []byte, x chat.Span) []byte {
	dst = s.name(dst, startPosition)
	dst = strconv.AppendInt(dst, int64(x.Start), 10)
	dst = s.name(dst, endPosition)
	return strconv.AppendInt(dst, int64(x.End), 10)
}

// reactions appends the summaries of a message's reactions.
func (s Style) reactions(dst []byte, m *chat.Message) []byte {
	dst = append(dst, `,"reactions":[`...)
	for i, r := range m.Reactions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"emoji":`...)
		dst = appendEmoji(dst, r.Emoji)
		dst = append(dst, `,"users":[`...)
		for j := range r.Users {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = s.inner().User(dst, &r.Users[j])
		}
		dst = append(dst, `],"count":`...)
		dst = strconv.AppendInt(dst, int64(len(r.Users)), 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendEmoji appends an emoji. Every one has an alias at least: pages show the
// first, and give it back.
func appendEmoji(dst []byte, character string) []byte {
	e := emoji.Find(character)
	if e == nil { // of another version of the catalogue
		e = &emoji.Emoji{Character: character, Description: character, Aliases: []string{character}}
	}
	dst = append(dst, `{"character":`...)
	dst = AppendString(dst, e.Character)
	dst = append(dst, `,"description":`...)
	dst = AppendString(dst, e.Description)
	dst = append(dst, `,"aliases":`...)
	dst = appendStrings(dst, e.Aliases)
	dst = append(dst, `,"tags":`...)
	return append(appendStrings(dst, e.Tags), '}')
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, text := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, text)
	}
	return append(dst, ']')
}

// Reaction appends a reaction (client-protocol 5.5).
func (s Style) Reaction(dst []byte, r *chat.Reaction) []byte {
	dst = append(dst, `{"emoji":`...)
	dst = appendEmoji(dst, r.Emoji)
	dst = append(dst, `,"user":`...)
	dst = s.inner().User(dst, r.User)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, r.CreatedAt)
	if s.Links == Client {
		dst = reactionClient.append(dst, int64(r.Message))
	}
	return append(dst, '}')
}

// Report appends a report (client-protocol 5.5).
func (s Style) Report(dst []byte, r *chat.MessageReport) []byte {
	dst = append(dst, `{"user":`...)
	dst = s.inner().User(dst, r.User)
	dst = append(dst, `,"reason":`...)
	dst = AppendString(dst, r.Reason)
	dst = append(dst, `,"properties":`...)
	dst = append(dst, r.Properties.JSON()...)
	dst = s.name(dst, createdTime)
	return append(AppendTime(dst, r.CreatedAt), '}')
}

var reactionClient = pieces(`,"_relays":{"message":"/application/v1/messages/{id}.relay"}`)
