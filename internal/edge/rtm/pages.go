package rtm

import (
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/chat"
)

// pageSuffix is what follows ".relay" in the link of a list (client-protocol
// 6.2): [.page.N | .cursor.T] .size.[S] .sort.[expression].
type pageSuffix struct {
	page   int
	cursor string
	size   int
	sort   string
}

// parseSuffix reads a page suffix leniently: what is missing or makes no sense
// is the default. The sort expression comes last, since it has dots of its own.
func parseSuffix(text string) pageSuffix {
	p := pageSuffix{size: chat.DefaultPageSize}
	text, p.sort, _ = strings.Cut(text, ".sort.")
	fields := strings.Split(strings.TrimPrefix(text, "."), ".")
	for i := 0; i+1 < len(fields); i += 2 {
		value := fields[i+1]
		switch fields[i] {
		case "page":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < 1<<31 {
				p.page = n
			}
		case "cursor":
			p.cursor = value
		case "size":
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				p.size = min(n, maxPage)
			}
		}
	}
	return p
}

// maxPage bounds a page of the client protocol.
const maxPage = 100

// text is the suffix again, with its page or cursor.
func (p pageSuffix) text() string {
	place := ""
	switch {
	case p.cursor != "":
		place = ".cursor." + p.cursor
	case p.page > 0:
		place = ".page." + strconv.Itoa(p.page)
	}
	return place + ".size." + strconv.Itoa(p.size) + ".sort." + p.sort
}

// request is the page that a deed is asked for. The sort property may carry
// the prefix that one SDK generation adds.
func (p pageSuffix) request(standard ...chat.Sort) chat.PageRequest {
	r := chat.PageRequest{Number: p.page, Size: p.size, Sort: standard}
	if p.sort != "" {
		property, direction, _ := strings.Cut(p.sort, ",")
		r.Sort = []chat.Sort{{Property: strings.TrimPrefix(property, "user."), Descending: strings.EqualFold(direction, "desc")}}
	}
	return r
}

// appendPage appends a numbered page. items appends the items, with commas.
func appendPage[T any](dst []byte, r *request, p pageSuffix, content string, page chat.Page[T], item func([]byte, *T) []byte) []byte {
	dst = appendItems(dst, content, page.Items, item)
	dst = append(dst, `,"page":{"size":`...)
	dst = strconv.AppendInt(dst, int64(page.Size), 10)
	// One SDK generation declares totalElement, the other totalElements.
	for _, name := range []string{"totalElement", "totalElements"} {
		dst = append(dst, `,"`+name+`":`...)
		dst = strconv.AppendInt(dst, page.Total, 10)
	}
	dst = append(dst, `,"totalPages":`...)
	dst = strconv.AppendInt(dst, page.Pages(), 10)
	dst = append(dst, `,"number":`...)
	dst = strconv.AppendInt(dst, int64(page.Number), 10)
	links := map[string]string{"self": p.text()}
	at := func(n int) string {
		q := p
		q.page = n
		return q.text()
	}
	links["first"] = at(0)
	if page.Number > 0 {
		links["prev"] = at(page.Number - 1)
	}
	if int64(page.Number)+1 < page.Pages() {
		links["next"] = at(page.Number + 1)
	}
	if n := page.Pages(); n > 0 {
		links["last"] = at(int(n - 1))
	}
	return appendLinks(append(dst, '}'), r, links)
}

// appendCursorPage appends a page of a newest-first list.
func appendCursorPage[T any](dst []byte, r *request, p pageSuffix, content string, page chat.CursorPage[T], item func([]byte, *T) []byte) []byte {
	dst = appendItems(dst, content, page.Items, item)
	dst = append(dst, `,"page":{"size":`...)
	dst = strconv.AppendInt(dst, int64(page.Size), 10)
	links := map[string]string{"self": p.text()}
	at := func(cursor string) string {
		q := p
		q.cursor = cursor
		return q.text()
	}
	if page.First != 0 {
		start := strconv.FormatInt(page.First, 10)
		dst = append(dst, `,"start":"`+start+`"`...)
		if page.Newer {
			links["prev"] = at(newerMark + start)
		}
	}
	if page.Next != 0 {
		next := strconv.FormatInt(page.Next, 10)
		dst = append(dst, `,"next":"`+next+`"`...)
		links["next"] = at(next)
	}
	return appendLinks(append(dst, '}'), r, links)
}

// newerMark begins a cursor that asks for what is newer than an item.
const newerMark = "newer-"

// request is the cursor page that a deed is asked for.
func (p pageSuffix) cursorRequest() chat.Cursor {
	c := chat.Cursor{Size: p.size}
	text, newer := strings.CutPrefix(p.cursor, newerMark)
	if n, ok := chat.ParseID(text); ok {
		if newer {
			c.Before = n
		} else {
			c.From = n
		}
	}
	return c
}

func appendItems[T any](dst []byte, content string, items []T, item func([]byte, *T) []byte) []byte {
	dst = append(dst, `{"_embedded":{"`+content+`":[`...)
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item(dst, &items[i])
	}
	return append(dst, `]}`...)
}

// appendLinks appends the links of a page and closes it. The values are
// suffixes to the relay itself.
func appendLinks(dst []byte, r *request, links map[string]string) []byte {
	dst = append(dst, `,"_relays":{`...)
	first := true
	for _, name := range []string{"self", "first", "prev", "next", "last"} {
		suffix, ok := links[name]
		if !ok {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, `"`+name+`":"`...)
		dst = append(dst, r.base...)
		dst = append(dst, safe(suffix)...)
		dst = append(dst, '"')
	}
	return append(dst, `}}`...)
}

// safe keeps a sort expression from breaking out of the link: links are made
// of a few characters only (client-protocol 7.2).
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("/._-,", r):
			return r
		default:
			return -1
		}
	}, s)
}
