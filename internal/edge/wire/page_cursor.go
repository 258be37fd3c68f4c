package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Relation says where a page asked for by cursor lies from the page whose link
// was followed (platform-api E.2).
type Relation string

// The relations.
const (
	SelfPage     Relation = "SELF"
	PreviousPage Relation = "PREVIOUS"
	NextPage     Relation = "NEXT"
)

// CursorPage appends a page of a newest-first list (platform-api E.2); encode
// appends one item. All its links carry the same two cursors, that of the
// page's first item and that of the following page, and differ in the relation
// only.
func CursorPage[T any](dst []byte, s Style, l List, p chat.CursorPage[T], encode func([]byte, *T) []byte) []byte {
	dst = appendItems(dst, l, p.Items, encode)
	dst = append(dst, `,"_links":{`...)
	if p.Newer && p.First != 0 {
		dst = append(s.cursorLink(dst, l, "prev", cursorQuery(p, PreviousPage)), ',')
	}
	dst = s.cursorLink(dst, l, "self", cursorQuery(p, SelfPage))
	if p.Next != 0 {
		dst = s.cursorLink(append(dst, ','), l, "next", cursorQuery(p, NextPage))
	}
	dst = append(dst, `},"page":{"size":`...)
	dst = strconv.AppendInt(dst, int64(p.Size), 10)
	dst = appendCursor(dst, `,"start":"`, p.First)
	dst = appendCursor(dst, `,"next":"`, p.Next)
	if p.Total != nil {
		dst = strconv.AppendInt(append(dst, `,"total":`...), *p.Total, 10)
	}
	return append(dst, `}}`...)
}

func cursorQuery[T any](p chat.CursorPage[T], r Relation) string {
	query := ""
	if p.First != 0 {
		query = "start=" + strconv.FormatInt(p.First, 10) + "&"
	}
	if p.Next != 0 {
		query += "next=" + strconv.FormatInt(p.Next, 10) + "&"
	}
	return query + "size=" + strconv.Itoa(p.Size) + "&relation=" + string(r)
}

func (s Style) cursorLink(dst []byte, l List, relation, query string) []byte {
	return AppendLink(dst, relation, s.listURL(l, query))
}

// appendCursor appends a cursor as the string that page metadata wants.
func appendCursor(dst []byte, name string, cursor int64) []byte {
	if cursor == 0 {
		return dst
	}
	dst = append(dst, name...)
	dst = strconv.AppendInt(dst, cursor, 10)
	return append(dst, '"')
}
