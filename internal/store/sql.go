package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/chat"
)

// sqlText builds a statement whose conditions depend on the caller. Only
// constants of this package become part of the text; values become arguments.
type sqlText struct {
	where []string
	args  []any
}

// arg adds a value and gives its placeholder.
func (q *sqlText) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// and adds a condition.
func (q *sqlText) and(condition string) { q.where = append(q.where, condition) }

func (q *sqlText) conditions() string {
	if len(q.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.where, " AND ")
}

// present makes the present time $1, as userColumns wants it. The count of a
// page has no other use for it, hence the condition, which always holds.
func present(tx *Tx, q *sqlText) {
	q.and("CAST(" + q.arg(micros(tx.Now)) + " AS BIGINT) >= 0")
}

// containing is the pattern of LIKE that finds a text within folded ones. The
// text means itself: it has no wildcards.
func containing(text string) string { return literally(chat.Fold(text)) }

// literally is the pattern of LIKE that finds a text as it is written.
func literally(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

const (
	// maxWords and maxWord bound what havingProperties looks for.
	maxWords = 16
	maxWord  = 256
)

// havingProperties passes over rows whose properties cannot contain others:
// texts that are not there as they are could still be there escaped. What is
// left has to be looked at, see listQuery.keep.
func havingProperties(q *sqlText, column string, p chat.Properties) {
	if p == "" {
		return
	}
	q.and(column + " <> ''")
	words := p.Words()
	for _, word := range words[:min(len(words), maxWords)] {
		if len(word) <= maxWord {
			q.and("(" + column + " LIKE " + q.arg(literally(word)) + ` ESCAPE '\' OR ` + column + ` LIKE '%\\%' ESCAPE '\')`)
		}
	}
}

// in gives "($3, $4, ...)" for a list of identifiers. The list is padded with
// its last item to a power of two, so that few texts are prepared. An empty
// list matches nothing.
func in[ID ~int64](q *sqlText, ids []ID) string {
	if len(ids) == 0 {
		return "(NULL)"
	}
	size := 1
	for size < len(ids) {
		size *= 2
	}
	marks := make([]string, size)
	for i := range marks {
		marks[i] = q.arg(int64(ids[min(i, len(ids)-1)]))
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// maxArguments bounds the arguments of a statement that writes or looks up many
// rows.
const maxArguments = 1024

// insertRows inserts rows in few statements, in powers of two so that few texts
// are prepared.
func (tx *Tx) insertRows(what, into string, rows [][]any) error {
	for len(rows) > 0 {
		n := maxArguments
		for n > len(rows) || n*len(rows[0]) > maxArguments {
			n /= 2
		}
		args := make([]any, 0, n*len(rows[0]))
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		if _, err := tx.exec(what, valuesText(into, n, len(rows[0])), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// valuesText is the INSERT for n rows of so many columns.
func valuesText(into string, n, columns int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + into + " VALUES ")
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String() + ")"
}

// orderBy turns a request's sorting into an ORDER BY clause. columns maps the
// properties that may be sorted by to columns; others are ignored. The tie
// breaker makes the order total.
func orderBy(sorts []chat.Sort, columns map[string]string, standard, tie string) string {
	var parts []string
	seen := map[string]bool{}
	for _, s := range sorts {
		column, ok := columns[s.Property]
		if !ok || seen[s.Property] {
			continue
		}
		seen[s.Property] = true
		if s.Descending {
			column += " DESC"
		}
		parts = append(parts, column)
	}
	if len(parts) == 0 && standard != "" {
		parts = append(parts, standard)
	}
	return " ORDER BY " + strings.Join(append(parts, tie), ", ")
}

// listQuery is a numbered page of a list.
type listQuery[T any] struct {
	what    string
	columns string
	from    string
	order   string
	read    func(scanner) (T, error)
	// keep, if not nil, is a condition that SQL does not know: all rows are
	// read and counted, and only those of the page are held.
	keep func(T) bool
}

// page reads one page and counts the whole list.
func page[T any](tx *Tx, l listQuery[T], q *sqlText, r chat.PageRequest) (chat.Page[T], error) {
	r.Size = chat.ClampSize(r.Size)
	p := chat.Page[T]{Number: r.Number, Size: r.Size, Items: []T{}}
	if l.keep != nil {
		return l.sift(tx, q, p)
	}
	total, err := tx.count(l.what, "SELECT count(*) FROM "+l.from+q.conditions(), q.args...)
	if err != nil {
		return p, err
	}
	p.Total = total
	if r.Number < 0 || int64(r.Number) >= p.Pages() {
		return p, nil
	}
	limit, offset := q.arg(r.Size), q.arg(int64(r.Number)*int64(r.Size))
	p.Items, err = collect(tx, l.what, l.read,
		"SELECT "+l.columns+" FROM "+l.from+q.conditions()+l.order+" LIMIT "+limit+" OFFSET "+offset, q.args...)
	return p, err
}

// sift is page for a list with a condition of its own.
func (l listQuery[T]) sift(tx *Tx, q *sqlText, p chat.Page[T]) (chat.Page[T], error) {
	first := int64(p.Number) * int64(p.Size)
	rows := "SELECT " + l.columns + " FROM " + l.from + q.conditions() + l.order
	err := each(tx, l.what, l.read, func(item T) {
		if !l.keep(item) {
			return
		}
		if p.Total >= first && p.Total < first+int64(p.Size) && p.Number >= 0 {
			p.Items = append(p.Items, item)
		}
		p.Total++
	}, rows, q.args...)
	return p, err
}
