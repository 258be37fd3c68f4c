package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// List says what a page is a page of.
type List struct {
	// Name is the list's name inside _embedded (platform-api D.11).
	Name string
	// Path leads to the list below its application, with a slash before it.
	Path string
	// Filters are the parameters that every link must keep, percent-encoded,
	// before those of the page; Sort are those after it. Either may be empty.
	Filters, Sort string
}

// Page appends a numbered page (platform-api E.1); encode appends one item.
func Page[T any](dst []byte, s Style, l List, p chat.Page[T], encode func([]byte, *T) []byte) []byte {
	dst = appendItems(dst, l, p.Items, encode)
	dst = s.pageLinks(dst, l, p.Number, p.Size, p.Pages())
	dst = append(dst, `,"page":{"size":`...)
	dst = strconv.AppendInt(dst, int64(p.Size), 10)
	dst = s.name(dst, totalElements)
	dst = strconv.AppendInt(dst, p.Total, 10)
	dst = s.name(dst, totalPages)
	dst = strconv.AppendInt(dst, p.Pages(), 10)
	dst = append(dst, `,"number":`...)
	dst = strconv.AppendInt(dst, int64(p.Number), 10)
	return append(dst, `}}`...)
}

// pageLinks appends the links between pages: self always, the ends where there
// is more than one page, the neighbours where there are any.
func (s Style) pageLinks(dst []byte, l List, number, size int, pages int64) []byte {
	n := int64(number)
	dst = append(dst, `,"_links":{`...)
	if pages > 1 {
		dst = append(s.pageLink(dst, l, "first", 0, size), ',')
	}
	if n > 0 {
		dst = append(s.pageLink(dst, l, "prev", n-1, size), ',')
	}
	dst = s.pageLink(dst, l, "self", n, size)
	if n+1 < pages {
		dst = s.pageLink(append(dst, ','), l, "next", n+1, size)
	}
	if pages > 1 {
		dst = s.pageLink(append(dst, ','), l, "last", pages-1, size)
	}
	return append(dst, '}')
}

func (s Style) pageLink(dst []byte, l List, relation string, number int64, size int) []byte {
	query := "page=" + strconv.FormatInt(number, 10) + "&size=" + strconv.Itoa(size)
	return AppendLink(dst, relation, s.listURL(l, query))
}

// listURL leads to a list with the given parameters among those it keeps.
func (s Style) listURL(l List, query string) string {
	if l.Filters != "" {
		query = l.Filters + "&" + query
	}
	if l.Sort != "" {
		query += "&" + l.Sort
	}
	return s.applicationURL() + l.Path + "?" + query
}

// appendItems begins a page. The list is there even when it is empty, so that
// clients need not guard.
func appendItems[T any](dst []byte, l List, items []T, encode func([]byte, *T) []byte) []byte {
	dst = append(dst, `{"_embedded":{`...)
	dst = AppendString(dst, l.Name)
	dst = append(dst, `:[`...)
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = encode(dst, &items[i])
	}
	return append(dst, `]}`...)
}
