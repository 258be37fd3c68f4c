package chat

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxLinks and MaxMentions bound what is found in one body; what follows stays
// plain text.
const (
	MaxLinks    = 50
	MaxMentions = 50
)

// Span is a part of a body. Positions count UTF-16 code units from zero, End
// exclusive, so that JavaScript's body.slice(Start, End) gives Text.
type Span struct {
	Start, End int
	Text       string
}

// MaxPreviews bounds how many pages are asked for what one body links to.
const MaxPreviews = 5

// MessageLink is a URL in a body.
type MessageLink struct {
	Span
	// Preview is what the page says about itself, nil where that is not known.
	Preview *LinkPreview
}

// LinkPreview is what a page says about itself.
type LinkPreview struct {
	// URL, Title and Image, the address of a picture, are never empty.
	URL, Title, Image string
	// Description and SiteName may be.
	Description, SiteName string
}

// Mention is a user or a channel that a body names, exactly one of the two. Its
// Text is the whole tag, such as <@jane>.
type Mention struct {
	Span
	User *User
	// Channel is not complete: it has its creator, but no members and no
	// newest message.
	Channel *Channel
}

// Tag is a part of a body that would be a mention if Name named something.
type Tag struct {
	Span
	// Channel tells <#name> from <@name>.
	Channel bool
	Name    string
}

var (
	tagPattern  = regexp.MustCompile(`<([@#])([^>]+)>`)
	linkPattern = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"\x00-\x1f]+`)
)

// FindLinks finds the URLs in a body. What closes a sentence or a bracket
// around one does not belong to it.
func FindLinks(body string) (links []MessageLink) {
	if !strings.Contains(body, "://") {
		return nil
	}
	at := utf16Counter{body: body}
	for _, match := range linkPattern.FindAllStringIndex(body, MaxLinks) {
		url := trimLink(body[match[0]:match[1]])
		if strings.HasSuffix(url, "://") {
			continue
		}
		links = append(links, MessageLink{Span: at.span(match[0], match[0]+len(url))})
	}
	return links
}

func trimLink(url string) string {
	for url != "" {
		last := url[len(url)-1]
		switch last {
		case '.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '|':
		case ')', ']', '}':
			open := map[byte]string{')': "(", ']': "[", '}': "{"}[last]
			if strings.Count(url, open) >= strings.Count(url, string(last)) {
				return url
			}
		default:
			return url
		}
		url = url[:len(url)-1]
	}
	return url
}

// FindTags finds <@username> and <#channelName> in a body.
func FindTags(body string) (tags []Tag) {
	if !strings.Contains(body, "<@") && !strings.Contains(body, "<#") {
		return nil
	}
	at := utf16Counter{body: body}
	for _, match := range tagPattern.FindAllStringSubmatchIndex(body, MaxMentions) {
		tags = append(tags, Tag{
			Span: at.span(match[0], match[1]), Channel: body[match[2]] == '#', Name: body[match[4]:match[5]],
		})
	}
	return tags
}

// utf16Counter turns growing byte offsets into UTF-16 ones in one pass.
type utf16Counter struct {
	body         string
	bytes, count int
}

func (c *utf16Counter) units(offset int) int {
	for c.bytes < offset {
		r, size := utf8.DecodeRuneInString(c.body[c.bytes:])
		c.bytes += size
		c.count++
		if r > 0xFFFF {
			c.count++
		}
	}
	return c.count
}

func (c *utf16Counter) span(start, end int) Span {
	return Span{Start: c.units(start), End: c.units(end), Text: c.body[start:end]}
}
