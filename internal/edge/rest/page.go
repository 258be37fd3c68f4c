package rest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

// query reads the parameters of a list. The first fault stays in err; readers
// return zero values after it.
type query struct {
	values url.Values
	// kept are the filters that links between pages must repeat.
	kept url.Values
	err  error
}

func readQuery(c *call) *query {
	return &query{values: c.URL.Query(), kept: url.Values{}}
}

func (q *query) fail(name, reason string) {
	if q.err == nil {
		q.err = chat.Invalidf(name, "%s", reason)
	}
}

// texts reads the values of a repeated filter but for empty ones.
func (q *query) texts(name string, limit int) []string {
	list := slices.DeleteFunc(q.values[name], func(s string) bool { return s == "" })
	for _, value := range list {
		if err := chat.CheckText(name, value, limit); err != nil && q.err == nil {
			q.err = err
		}
	}
	if len(list) > 0 {
		q.kept[name] = list
	}
	return list
}

// text reads a filter, empty where there is none.
func (q *query) text(name string, limit int) string {
	list := q.texts(name, limit)
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// flag reads a filter that is true or false, which is also what its absence
// means.
func (q *query) flag(name string) bool {
	switch q.text(name, 16) {
	case "true":
		return true
	case "false", "":
	default:
		q.fail(name, "must be true or false")
	}
	return false
}

// properties reads a filter by what properties contain (decision D16), empty
// where there is none.
func (q *query) properties(name string) chat.Properties {
	value := q.text(name, chat.MaxProperties)
	if value == "" {
		return ""
	}
	p, err := chat.ParseProperties(json.RawMessage(value))
	if err != nil {
		q.fail(name, `must be a JSON object such as {"team":"red"}`)
	}
	return p
}

// time reads a date-time, zero where there is none.
func (q *query) time(name string) time.Time {
	value := q.text(name, 64)
	if value == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	q.fail(name, "must be a date-time such as 2021-05-05T00:38:24.888Z")
	return time.Time{}
}

// integer reads a number that is not negative. Without it, or with nonsense in
// its place, it reports false.
func (q *query) integer(name string, bits int) (int64, bool) {
	n, err := strconv.ParseInt(q.values.Get(name), 10, bits)
	return n, err == nil && n >= 0
}

// size reads the size of a page. What makes no sense falls back to the usual
// one (decision D11); a size of zero comes from a published client that wants
// just that.
func (q *query) size() int {
	n, ok := q.integer("size", 64)
	if !ok {
		return chat.DefaultPageSize
	}
	return chat.ClampSize(int(min(n, chat.MaxPageSize)))
}

// page reads which numbered page is asked for, and how it is sorted.
func (q *query) page() chat.PageRequest {
	// 32 bits keep the number of the first item within 64.
	number, ok := q.integer("page", 32)
	if !ok {
		number = 0
	}
	return chat.PageRequest{Number: int(number), Size: q.size(), Sort: q.sort()}
}

// sort reads sort=property, sort=property,asc and sort=property,desc, the
// first one weighing most. A property that came before decides already.
func (q *query) sort() (sorts []chat.Sort) {
	for _, value := range q.sortValues() {
		properties := strings.Split(value, ",")
		descending := false
		if last := len(properties) - 1; last > 0 {
			direction := strings.TrimSpace(properties[last])
			descending = strings.EqualFold(direction, "desc")
			if descending || strings.EqualFold(direction, "asc") {
				properties = properties[:last]
			}
		}
		for _, property := range properties {
			property = camelCase(strings.TrimSpace(property))
			known := slices.ContainsFunc(sorts, func(s chat.Sort) bool { return s.Property == property })
			if property != "" && !known && len(sorts) < maxSorts {
				sorts = append(sorts, chat.Sort{Property: property, Descending: descending})
			}
		}
	}
	return sorts
}

// maxSorts is more than any list has properties to sort by. What follows is
// ignored.
const maxSorts = 8

func (q *query) sortValues() []string {
	values := q.values["sort"]
	return values[:min(len(values), maxSorts)]
}

// camelCase turns display_name into displayName and leaves camelCase as it is.
func camelCase(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words {
		if i > 0 && word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// list describes a list whose pages are linked to one another.
func (q *query) list(name, path string) wire.List {
	l := wire.List{Name: name, Path: path, Filters: q.kept.Encode()}
	if values := q.sortValues(); len(values) > 0 {
		l.Sort = url.Values{"sort": values}.Encode()
	}
	return l
}

// cursor reads which page of a newest-first list is asked for (platform-api
// E.2). A bare request is for the newest one.
func (q *query) cursor() chat.Cursor {
	c := chat.Cursor{Size: q.size()}
	start, next := q.position("start"), q.position("next")
	switch relation := q.values.Get("relation"); wire.Relation(strings.ToUpper(relation)) {
	case wire.SelfPage:
		c.From = start
	case wire.NextPage:
		if c.From = next; next == 0 {
			q.fail("next", "must be there to reach the next page")
		}
	case wire.PreviousPage:
		if c.Before = start; start == 0 {
			q.fail("start", "must be there to reach the previous page")
		}
	case "":
		if c.From = start; start == 0 {
			c.From = next
		}
	default:
		q.fail("relation", "must be SELF, PREVIOUS or NEXT")
	}
	return c
}

// position reads a cursor, zero where there is none.
func (q *query) position(name string) int64 {
	if q.values.Get(name) == "" {
		return 0
	}
	n, ok := q.integer(name, 64)
	if !ok {
		q.fail(name, "must be a cursor from a link")
	}
	return n
}
